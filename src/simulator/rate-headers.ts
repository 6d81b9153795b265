import { goDuration } from './go-duration.ts';
import type { LimitAccount } from './limits/limit-account.ts';
import type { SimulatedLimitType } from './limits/simulated-limit.ts';
import type { Dialect } from './simulator-options.ts';

const REQUEST_TYPES: readonly SimulatedLimitType[] = ['rpm', 'rpd'];
const TOKEN_TYPES: readonly SimulatedLimitType[] = ['tpm', 'tpd', 'itpm', 'otpm'];

/** The limit with the smallest part left among those of the given types; Groq always shows requests a day and tokens a minute. */
function shown(
  accounts: readonly LimitAccount[],
  types: readonly SimulatedLimitType[],
  now: number,
  always?: SimulatedLimitType,
): LimitAccount | undefined {
  let least: LimitAccount | undefined;
  let leastPart = Number.POSITIVE_INFINITY;
  for (const account of accounts) {
    if (!types.includes(account.spec.type)) continue;
    if (account.spec.type === always) return account;
    const part = 1 - account.counter.used(now) / account.spec.limit;
    if (part < leastPart) {
      least = account;
      leastPart = part;
    }
  }
  return least;
}

/** A `reset` header: Go duration, or Azure's bare seconds. It says when everything is free again. */
export function resetText(ms: number, dialect: Dialect): string {
  return dialect === 'azure' ? String(Math.ceil(ms / 1000 - 1e-6)) : goDuration(ms);
}

/** The `x-ratelimit-*` headers as the limits stand now. */
export function rateHeaders(accounts: readonly LimitAccount[], now: number, dialect: Dialect): Record<string, string> {
  const headers: Record<string, string> = {};
  const groq = dialect === 'groq';
  const requests = shown(accounts, REQUEST_TYPES, now, groq ? 'rpd' : undefined);
  if (requests) {
    headers['x-ratelimit-limit-requests'] = String(requests.spec.limit);
    headers['x-ratelimit-remaining-requests'] = String(requests.remaining(now));
    headers['x-ratelimit-reset-requests'] = resetText(requests.counter.emptyInMs(now), dialect);
  }
  const tokens = shown(accounts, TOKEN_TYPES, now, groq ? 'tpm' : undefined);
  if (tokens) {
    headers['x-ratelimit-limit-tokens'] = String(tokens.spec.limit);
    headers['x-ratelimit-remaining-tokens'] = String(tokens.remaining(now));
    headers['x-ratelimit-reset-tokens'] = resetText(tokens.counter.emptyInMs(now), dialect);
  }
  return headers;
}

/** `retry-after` in whole seconds and, but for Groq, `retry-after-ms`; both rounded up, so that nobody who obeys comes too early. */
export function retryHeaders(waitMs: number, dialect: Dialect): Record<string, string> {
  if (!Number.isFinite(waitMs)) return {};
  const headers: Record<string, string> = { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000 - 1e-6))) };
  if (dialect !== 'groq') headers['retry-after-ms'] = String(Math.max(1, Math.ceil(waitMs - 1e-6)));
  return headers;
}
