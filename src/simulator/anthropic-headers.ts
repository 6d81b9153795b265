import type { LimitAccount } from './limits/limit-account.ts';
import type { SimulatedLimitType } from './limits/simulated-limit.ts';

/** Header names by what a limit counts; Anthropic's limits are per minute. */
const NAMES: Readonly<Partial<Record<SimulatedLimitType, string>>> = { rpm: 'requests', itpm: 'input-tokens', otpm: 'output-tokens' };
const ROUNDED_TO = 1000;

/** How the headers are written. */
export interface AnthropicHeaderStyle {
  /** Milliseconds since the epoch, at `now`. */
  readonly wallMs: number;
  /** Remaining tokens to the nearest thousand, as Anthropic does. */
  readonly rounded: boolean;
}

/** RFC 3339 in whole seconds, rounded up, so that nobody who obeys comes too early. */
function moment(wallMs: number): string {
  return `${new Date(Math.ceil(wallMs / 1000 - 1e-6) * 1000).toISOString().slice(0, 19)}Z`;
}

function remaining(account: LimitAccount, now: number, rounded: boolean): number {
  const left = account.remaining(now);
  if (!rounded || account.spec.type === 'rpm') return left;
  return Math.min(account.spec.limit, Math.round(left / ROUNDED_TO) * ROUNDED_TO);
}

/** The `anthropic-ratelimit-*` headers as the limits stand now; `-tokens-*` shows the tightest of the token limits. */
export function anthropicHeaders(accounts: readonly LimitAccount[], now: number, style: AnthropicHeaderStyle): Record<string, string> {
  const headers: Record<string, string> = {};
  const write = (name: string, account: LimitAccount) => {
    headers[`anthropic-ratelimit-${name}-limit`] = String(account.spec.limit);
    headers[`anthropic-ratelimit-${name}-remaining`] = String(remaining(account, now, style.rounded));
    headers[`anthropic-ratelimit-${name}-reset`] = moment(style.wallMs + account.counter.emptyInMs(now));
  };
  let tightest: LimitAccount | undefined;
  let leastPart = Number.POSITIVE_INFINITY;
  for (const account of accounts) {
    const { type, limit } = account.spec;
    const name = NAMES[type];
    if (name) write(name, account);
    const part = account.remaining(now) / limit;
    if (type === 'rpm' || type === 'rpd' || type === 'tpd' || part >= leastPart) continue;
    tightest = account;
    leastPart = part;
  }
  if (tightest) write('tokens', tightest);
  return headers;
}
