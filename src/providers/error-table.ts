import { isMoneyCode, saysTooLarge } from '../scheduling/refusal-vocabulary.ts';

/** What is done about an error. */
export type Act =
  /** It passes: after the stated wait. `slowDown`: cut concurrency too; `capacity`: it is not our quota that is used up. */
  | { readonly kind: 'refused'; readonly slowDown?: true; readonly capacity?: true }
  /** It may pass: again after backoff, elsewhere at once. */
  | { readonly kind: 'retryable'; readonly scope: 'deployment' | 'request' }
  /** It stays: never again with this account; elsewhere where `failOver`. */
  | {
      readonly kind: 'final';
      readonly scope: 'request' | 'account';
      readonly failOver: boolean;
      /** Ours, where the provider's own says something else. */
      readonly code?: string;
      /** Where the time at which it ends can be read from. */
      readonly until?: 'named-date' | 'pacific-midnight' | 'wait';
    };

/** A kind of error: what it is told by, what it means, what is done. All that is given must hold. */
export interface ErrorRow {
  readonly name: string;
  /** Statuses from … to; one number for one status; absent: any. */
  readonly status?: number | readonly [from: number, to: number];
  /** One of the error's codes or types. */
  readonly named?: (name: string) => boolean;
  /** In its message, or in what stands beside it. */
  readonly text?: (text: string) => boolean;
  /** A response header's value. */
  readonly header?: readonly [name: string, value: RegExp];
  /** The answer asks for a wait at least as long. */
  readonly waitsAtLeastMs?: number;
  readonly meaning: string;
  readonly act: Act;
}

const DAY_MS = 86_400_000;
/** Nobody's requests pass with this key, or none for this model: the deployment is left out, another may take it. */
const ACCOUNT = { kind: 'final', scope: 'account', failOver: true } as const;
/** This request is wrong wherever it goes. */
const REQUEST = { kind: 'final', scope: 'request', failOver: false } as const;
/** This request can't be done here. */
const NOT_HERE = { kind: 'final', scope: 'request', failOver: true } as const;
const TOO_LARGE = { ...NOT_HERE, code: 'request_too_large' } as const;
const SERVER = { kind: 'retryable', scope: 'deployment' } as const;
const ONCE_MORE = { kind: 'retryable', scope: 'request' } as const;

function oneOf(...names: readonly string[]): (name: string) => boolean {
  return (name) => names.includes(name);
}

function matches(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text);
}

/**
 * What the answers of OpenAI, Azure, Anthropic, Gemini, Mistral, Groq, OpenRouter, Together and Bedrock mean; the first
 * row that fits. A 429 is at least five things, and only code, type and text tell them apart.
 *
 * Sources: developers.openai.com/api/docs/guides/error-codes and …/rate-limits (2026-10); platform.claude.com/docs/en/api/errors
 * (2026-10); ai.google.dev/gemini-api/docs/troubleshooting (2026-08); console.groq.com/docs/errors; openrouter.ai/docs/api-reference/errors;
 * docs.together.ai/docs/rate-limits; learn.microsoft.com/azure/foundry/openai/how-to/quota; texts as they were answered.
 */
export const ERROR_TABLE: readonly ErrorRow[] = [
  { name: 'money', named: isMoneyCode, meaning: 'no credit, or a spend limit', act: ACCOUNT },

  {
    name: '400 money',
    status: 400,
    text: matches(/reached your specified API usage limits|credit balance is too low/i),
    meaning: 'a spend limit that the account set itself, or no credit (Anthropic)',
    act: { ...ACCOUNT, until: 'named-date' },
  },
  {
    name: '400 wrong key',
    status: 400,
    text: matches(/^API key not valid|API key expired/i),
    meaning: 'the key is wrong (Gemini)',
    act: ACCOUNT,
  },
  { name: '400', status: 400, meaning: 'bad request: invalid, too long for the context, or filtered', act: REQUEST },
  { name: '401', status: 401, meaning: 'the key is wrong', act: ACCOUNT },
  {
    name: '402 in-flight budget',
    status: 402,
    named: oneOf('openrouter_in_flight_budget'),
    meaning: 'calls that run have the credit reserved',
    act: { kind: 'refused' },
  },
  { name: '402', status: 402, meaning: 'billing', act: ACCOUNT },
  {
    name: '403 call quota',
    status: 403,
    text: matches(/out of call volume quota/i),
    meaning: "the quota of a gateway before the provider, as Azure's API management",
    act: { ...ACCOUNT, until: 'wait' },
  },
  {
    name: '403 flagged input',
    status: 403,
    text: matches(/requires moderation|input was flagged/i),
    meaning: 'the input is not allowed',
    act: REQUEST,
  },
  { name: '403', status: 403, meaning: 'region or permission', act: ACCOUNT },
  { name: '404', status: 404, meaning: 'no such model or deployment', act: NOT_HERE },
  { name: '408', status: 408, meaning: 'the provider gave up waiting', act: SERVER },
  { name: '409', status: 409, meaning: 'conflict with another call', act: ONCE_MORE },
  { name: '410', status: 410, meaning: 'the model is gone', act: NOT_HERE },
  {
    name: '413 above the limit',
    status: 413,
    text: saysTooLarge,
    meaning: "larger than the whole limit on tokens (Groq's form)",
    act: TOO_LARGE,
  },
  { name: '413', status: 413, meaning: 'the body has too many bytes', act: REQUEST },
  { name: '422', status: 422, meaning: 'validation', act: REQUEST },
  { name: '424', status: 424, meaning: 'the model failed', act: ONCE_MORE },

  { name: '429 too large', status: 429, text: saysTooLarge, meaning: 'larger than the whole limit: can never fit', act: TOO_LARGE },
  {
    name: '429 slow_down',
    status: 429,
    named: oneOf('slow_down', 'ramp_limit_exceeded', 'acceleration_limit_exceeded'),
    meaning: 'the load grows too fast',
    act: { kind: 'refused', slowDown: true },
  },
  {
    name: '429 acceleration',
    status: 429,
    text: matches(/\bacceleration\b/i),
    meaning: 'the load grows too fast',
    act: { kind: 'refused', slowDown: true },
  },
  {
    name: '429 spend threshold',
    status: 429,
    text: matches(/crossed its monthly API usage threshold|regain access on/i),
    meaning: "a spend limit: Anthropic's, without retry-after",
    act: { ...ACCOUNT, until: 'named-date' },
  },
  {
    name: '429 limit of zero',
    status: 429,
    // Not 0.5 nor 0,5.
    text: matches(/\blimit:? 0\b(?![.,]\d)/i),
    meaning: 'the plan does not include this model',
    act: ACCOUNT,
  },
  {
    name: '429 not on the plan',
    status: 429,
    header: ['x-ratelimit-limit-req-minute', /^0$/],
    meaning: 'the plan does not include this model (Mistral)',
    act: ACCOUNT,
  },
  {
    name: '429 daily quota',
    status: 429,
    text: matches(/PerDay/),
    meaning: "Gemini's quota of a day; the wait that it names is often far too short",
    act: { ...ACCOUNT, until: 'pacific-midnight' },
  },
  {
    name: '429 a day to wait',
    status: 429,
    waitsAtLeastMs: DAY_MS,
    meaning: "a day's quota of a free trial (Azure)",
    act: { ...ACCOUNT, until: 'wait' },
  },
  {
    name: '429 capacity',
    status: 429,
    text: matches(/experiencing high demand|resource unavailable|no capacity/i),
    meaning: "the provider's capacity, not our quota (Azure; OpenAI flex)",
    act: { kind: 'refused', capacity: true },
  },
  { name: '429', status: 429, meaning: 'the limit is used up for now', act: { kind: 'refused' } },

  { name: '498', status: 498, meaning: 'no capacity for flex (Groq)', act: { kind: 'refused', capacity: true } },
  { name: '499', status: 499, meaning: 'we hung up', act: REQUEST },
  { name: '500', status: 500, meaning: 'the server failed', act: SERVER },
  { name: '502', status: 502, meaning: 'a server in between failed; often HTML', act: SERVER },
  { name: '503', status: 503, meaning: 'overloaded', act: SERVER },
  { name: '504', status: 504, meaning: 'timed out in between; the work may have been done', act: SERVER },
  { name: '529', status: 529, meaning: 'overloaded (Anthropic)', act: SERVER },
  { name: '5xx', status: [500, 599], meaning: 'the server, or one in between, failed', act: SERVER },
  { name: '3xx', status: [300, 399], meaning: 'the API is somewhere else: the base URL is wrong', act: NOT_HERE },
  { name: 'any other', meaning: 'refused for good', act: REQUEST },
];
