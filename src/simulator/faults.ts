import { InvalidConfiguration } from '../domain/errors.ts';
import type { SeededRandom } from './seeded-random.ts';

/**
 * What can go wrong with a call that was admitted (and counted):
 * - `serverError`: status 500 or 503 in place of the response.
 * - `reset`: the connection is reset before any header.
 * - `stall`: headers come, then nothing for `stallMs`, then the connection is reset.
 * - `truncate`: the body ends early; a stream without its terminal event.
 * - `errorInBody`: status 200, then an error in the body or the stream.
 */
export type FaultKind = 'serverError' | 'reset' | 'stall' | 'truncate' | 'errorInBody';

/** Probabilities of each fault per admitted call, 0 to 1, their sum at most 1; absent = 0. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>> & {
  /** How long a stalled body stays silent; default 30,000. */
  readonly stallMs?: number;
};

export const FAULT_KINDS: readonly FaultKind[] = ['serverError', 'reset', 'stall', 'truncate', 'errorInBody'];
export const DEFAULT_STALL_MS = 30_000;

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
