import type { LimitObservation } from '../../domain/limit-observation.ts';
import type { ReplyHeaders } from '../provider.ts';
import { type LimitHeaders, limitReader } from './limit-headers.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Names that begin with `x-ratelimit-` and end in what is counted. */
function xRateLimit(what: string, rest: Pick<LimitHeaders, 'type' | 'windowMs' | 'unless'>): LimitHeaders {
  return { limit: `x-ratelimit-limit-${what}`, remaining: `x-ratelimit-remaining-${what}`, reset: `x-ratelimit-reset-${what}`, ...rest };
}

/** Anthropic's names end in what is said of the limit. */
function anthropic(what: string, rest: Pick<LimitHeaders, 'type' | 'unless'>): LimitHeaders {
  const name = `anthropic-ratelimit-${what}`;
  return { limit: `${name}-limit`, remaining: `${name}-remaining`, reset: `${name}-reset`, ...rest };
}

/** The organisation's limits and, where there are tighter ones, the project's. Models with only a daily limit use the same names. */
export const OPENAI_LIMIT_HEADERS: readonly LimitHeaders[] = [
  xRateLimit('requests', { type: 'rpm' }),
  xRateLimit('project-requests', { type: 'rpm' }),
  xRateLimit('tokens', { type: 'tpm' }),
  xRateLimit('project-tokens', { type: 'tpm' }),
];

/**
 * `anthropic-ratelimit-tokens-*` repeats the tightest of the token limits, which may be that on output alone: it is a
 * limit on input + output only where the two are not told apart.
 */
export const ANTHROPIC_LIMIT_HEADERS: readonly LimitHeaders[] = [
  anthropic('requests', { type: 'rpm' }),
  anthropic('input-tokens', { type: 'itpm' }),
  anthropic('output-tokens', { type: 'otpm' }),
  anthropic('tokens', { type: 'tpm', unless: ['itpm', 'otpm'] }),
];

/** Groq's `requests` are those of a day, its `tokens` those of a minute. */
export const GROQ_LIMIT_HEADERS: readonly LimitHeaders[] = [
  xRateLimit('requests', { type: 'rpd', windowMs: DAY_MS }),
  xRateLimit('tokens', { type: 'tpm', windowMs: MINUTE_MS }),
];

export const MISTRAL_LIMIT_HEADERS: readonly LimitHeaders[] = [
  xRateLimit('req-minute', { type: 'rpm', windowMs: MINUTE_MS }),
  xRateLimit('tokens-minute', { type: 'tpm', windowMs: MINUTE_MS }),
];

const readAny = limitReader([...OPENAI_LIMIT_HEADERS, ...MISTRAL_LIMIT_HEADERS, ...ANTHROPIC_LIMIT_HEADERS]);

/**
 * Reads the limits of a provider that nothing is known of, by the names that several providers share. A bare
 * `x-ratelimit-limit` is left alone: whether a minute or a day is meant, or requests or tokens, is not in it.
 *
 * @param wallMs milliseconds since 1970, where the answer has no `date`
 */
export function readAnyLimits(headers: ReplyHeaders, wallMs?: number): readonly LimitObservation[] {
  return readAny(headers, wallMs);
}
