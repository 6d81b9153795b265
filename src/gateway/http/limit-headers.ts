import type { WireFormatName } from '../../domain/wire-format.ts';
import type { TenantLimitView } from '../calls/call-gate.ts';

/** What is left for a caller. */
export interface Remaining {
  readonly requests?: TenantLimitView | undefined;
  readonly tokens?: TenantLimitView | undefined;
}

/**
 * What is left of the limits in the headers that the face's clients read: OpenAI's (`x-ratelimit-*`, resets as a duration) or
 * Anthropic's (`anthropic-ratelimit-*`, resets as a moment). Sources: the providers' pages on rate limits.
 */
export function limitHeaders(format: WireFormatName, { requests, tokens }: Remaining, nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  const write = format === 'anthropic-messages' ? anthropic : openai;
  if (requests !== undefined) write(headers, 'requests', requests, nowMs);
  if (tokens !== undefined) write(headers, 'tokens', tokens, nowMs);
  return headers;
}

function openai(headers: Record<string, string>, kind: string, { limit, remaining, resetSeconds }: TenantLimitView): void {
  headers[`x-ratelimit-limit-${kind}`] = String(limit);
  headers[`x-ratelimit-remaining-${kind}`] = String(Math.max(0, Math.floor(remaining)));
  headers[`x-ratelimit-reset-${kind}`] = `${Math.round(resetSeconds * 1_000) / 1_000}s`;
}

function anthropic(
  headers: Record<string, string>,
  kind: string,
  { limit, remaining, resetSeconds }: TenantLimitView,
  nowMs: number,
): void {
  headers[`anthropic-ratelimit-${kind}-limit`] = String(limit);
  headers[`anthropic-ratelimit-${kind}-remaining`] = String(Math.max(0, Math.floor(remaining)));
  headers[`anthropic-ratelimit-${kind}-reset`] = `${new Date(nowMs + resetSeconds * 1_000).toISOString().slice(0, 19)}Z`;
}
