import { InvalidConfiguration } from '../domain/errors.ts';
import type { Range, SeededRandom } from './seeded-random.ts';

/**
 * What can go wrong with a call.
 *
 * After it was admitted and counted:
 * - `serverError`: status 500 or 503 (Anthropic: 500 or 529) in place of the response.
 * - `badGateway`: status 502 with the HTML page of an edge in front of the provider.
 * - `html`: the same page with status 200.
 * - `reset`: the connection is reset before any header.
 * - `stallHeaders`: nothing for `stallMs` in place of the headers, then the connection is reset.
 * - `stall`: headers come, then nothing for `stallMs`, then the connection is reset.
 * - `resetInBody`: the connection is reset in the middle of the body.
 * - `truncate`: the body ends early; a stream without its terminal event.
 * - `errorInBody`: status 200, then an error in the body or the stream.
 * - `openrouterError`: the same as OpenRouter has it: an integer code, in a stream after comments and before `[DONE]`.
 * - `garbage`: status 200, then something that is neither JSON nor events.
 * - `longLine`: status 200, then one line of `longLineBytes` without an end.
 * - `nonsenseHeaders`: a good response whose rate-limit headers mean nothing.
 *
 * In place of being admitted; the limits count nothing:
 * - `rateLimit`: a 429 that passes, although there was room.
 * - `slowDown`: a 429 for growing too fast.
 * - `overloaded`: 503, Anthropic 529, Azure 429 for lack of capacity.
 * - `tooLarge`: larger than a whole limit: 429, Anthropic 413.
 * - `insufficientQuota`: a 429 about money, without a time to come back.
 * - `unauthorized` 401, `forbidden` 403, `notFound` 404, `promptTooLong` 400, `contentFilter` 400.
 */
export type FaultKind =
  | 'serverError'
  | 'reset'
  | 'stall'
  | 'truncate'
  | 'errorInBody'
  | 'badGateway'
  | 'html'
  | 'stallHeaders'
  | 'resetInBody'
  | 'openrouterError'
  | 'garbage'
  | 'longLine'
  | 'nonsenseHeaders'
  | RejectionKind;

/** Faults that are answered before the call costs anything. */
export type RejectionKind =
  | 'rateLimit'
  | 'slowDown'
  | 'overloaded'
  | 'tooLarge'
  | 'insufficientQuota'
  | 'unauthorized'
  | 'forbidden'
  | 'notFound'
  | 'promptTooLong'
  | 'contentFilter';

/** Probabilities of each fault per call, 0 to 1, their sum at most 1; absent = 0. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>> & {
  /** How long a stalled response stays silent; default 30,000. */
  readonly stallMs?: number;
  /** When the refusals `rateLimit`, `slowDown` and `overloaded` say to come back; default 500 to 3,000 ms. */
  readonly retryAfterMs?: Range;
  /** Length of the line of `longLine`; default 10 MiB. */
  readonly longLineBytes?: number;
};

const REJECTION_KINDS: readonly RejectionKind[] = [
  'rateLimit',
  'slowDown',
  'overloaded',
  'tooLarge',
  'insufficientQuota',
  'unauthorized',
  'forbidden',
  'notFound',
  'promptTooLong',
  'contentFilter',
];

/** In the order in which they are drawn: a new kind goes to the end, so that a seed still means the same run. */
export const FAULT_KINDS: readonly FaultKind[] = [
  'serverError',
  'reset',
  'stall',
  'truncate',
  'errorInBody',
  'badGateway',
  'html',
  'stallHeaders',
  'resetInBody',
  'openrouterError',
  'garbage',
  'longLine',
  'nonsenseHeaders',
  ...REJECTION_KINDS,
];

export const DEFAULT_STALL_MS = 30_000;
export const DEFAULT_RETRY_AFTER_MS: Range = { min: 500, max: 3000 };
export const DEFAULT_LONG_LINE_BYTES = 10 * 2 ** 20;

const REJECTIONS: ReadonlySet<string> = new Set(REJECTION_KINDS);

/** Whether the fault is an answer in place of being admitted. */
export function isRejection(kind: FaultKind): kind is RejectionKind {
  return REJECTIONS.has(kind);
}

/** @throws InvalidConfiguration where a probability is not within 0 to 1, or their sum is above 1 */
export function checkFaults(rates: FaultRates): void {
  let sum = 0;
  for (const kind of FAULT_KINDS) {
    const rate = rates[kind] ?? 0;
    if (!(rate >= 0 && rate <= 1))
      throw new InvalidConfiguration(`faults.${kind} is ${rate}; expected a probability from 0 to 1.`, `faults.${kind}`);
    sum += rate;
  }
  if (sum > 1 + 1e-9)
    throw new InvalidConfiguration(`The faults' probabilities add up to ${Number(sum.toFixed(6))}; expected at most 1.`, 'faults');
}

/** Which fault befalls a call, if any. Takes exactly one random number. */
export function drawFault(rates: FaultRates, random: SeededRandom): FaultKind | undefined {
  let left = random.next();
  for (const kind of FAULT_KINDS) {
    left -= rates[kind] ?? 0;
    if (left < 0) return kind;
  }
  return undefined;
}
