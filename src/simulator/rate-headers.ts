import { anthropicHeaders } from './anthropic-headers.ts';
import { goDuration } from './go-duration.ts';
import type { LimitAccount } from './limits/limit-account.ts';
import type { SimulatedLimitType } from './limits/simulated-limit.ts';
import type { Dialect } from './simulator-options.ts';

const PLAIN: HeaderStyle = {};
const REQUEST_TYPES: readonly SimulatedLimitType[] = ['rpm', 'rpd'];
const TOKEN_TYPES: readonly SimulatedLimitType[] = ['tpm', 'tpd', 'itpm', 'otpm'];

/** What {@link rateHeaders} may be told beside the limits. */
export interface HeaderStyle {
  /** Milliseconds since the epoch; for Anthropic's resets. Default 0. */
  readonly wallMs?: number;
  /** Anthropic: remaining tokens to the nearest thousand. Default `true`. */
  readonly rounded?: boolean;
  /** Azure: what is left may be shown below 0, less what was asked for in vain. */
  readonly overdrawn?: { readonly limit: LimitAccount; readonly requested: number };
  /** Azure: limit and remaining are -1 and reset 0, as it has been served. */
  readonly sentinels?: boolean;
}

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

function left(account: LimitAccount, now: number, { overdrawn }: HeaderStyle): number {
  return overdrawn?.limit === account
    ? Math.floor(account.spec.limit - account.counter.used(now) - overdrawn.requested)
    : account.remaining(now);
}

/** The `x-ratelimit-*` headers, or Anthropic's, as the limits stand now. */
export function rateHeaders(
  accounts: readonly LimitAccount[],
  now: number,
  dialect: Dialect,
  style: HeaderStyle = PLAIN,
): Record<string, string> {
  if (dialect === 'anthropic') return anthropicHeaders(accounts, now, { wallMs: style.wallMs ?? 0, rounded: style.rounded ?? true });
  const headers: Record<string, string> = {};
  const groq = dialect === 'groq';
  const requests = shown(accounts, REQUEST_TYPES, now, groq ? 'rpd' : undefined);
  if (requests) {
    headers['x-ratelimit-limit-requests'] = style.sentinels ? '-1' : String(requests.spec.limit);
    headers['x-ratelimit-remaining-requests'] = style.sentinels ? '-1' : String(left(requests, now, style));
    headers['x-ratelimit-reset-requests'] = style.sentinels ? '0' : resetText(requests.counter.emptyInMs(now), dialect);
  }
  const tokens = shown(accounts, TOKEN_TYPES, now, groq ? 'tpm' : undefined);
  if (tokens) {
    headers['x-ratelimit-limit-tokens'] = style.sentinels ? '-1' : String(tokens.spec.limit);
    headers['x-ratelimit-remaining-tokens'] = style.sentinels ? '-1' : String(left(tokens, now, style));
    headers['x-ratelimit-reset-tokens'] = style.sentinels ? '0' : resetText(tokens.counter.emptyInMs(now), dialect);
  }
  return headers;
}

/** `retry-after` in whole seconds and, but for Groq and Anthropic, `retry-after-ms`; both rounded up, so that nobody who obeys comes too early. */
export function retryHeaders(waitMs: number, dialect: Dialect): Record<string, string> {
  if (!Number.isFinite(waitMs)) return {};
  const headers: Record<string, string> = { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000 - 1e-6))) };
  if (dialect !== 'groq' && dialect !== 'anthropic') headers['retry-after-ms'] = String(Math.max(1, Math.ceil(waitMs - 1e-6)));
  return headers;
}
