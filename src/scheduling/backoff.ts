/** How the engine retries. Durations in milliseconds. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly factor: number;
}

/**
 * Wait before attempt `failures` + 1: exponential with full jitter, anywhere between 0 and the cap, so that
 * requests that failed together don't come back together.
 * Source: "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(policy: RetryPolicy, failures: number, random: () => number): number {
  // The growth overflows after some hundred failures, and 0 × Infinity is no number.
  const grown = policy.baseDelayMs === 0 ? 0 : policy.baseDelayMs * policy.factor ** (failures - 1);
  const cap = Math.min(policy.maxDelayMs, grown);
  const delayMs = random() * cap;
  return delayMs >= 0 && delayMs <= cap ? delayMs : cap;
}

const SHORTEST_PAUSE_MS = 10;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * How long a limiter pauses after its n-th refusal in a row: as long as it was told to; else, or where that is no
 * time at all, longer each time. Never zero: what is refused at once and comes back at once would spin.
 */
export function pauseAfterRefusalMs(refusalsInARow: number, askedMs?: number): number {
  if (askedMs !== undefined && Number.isFinite(askedMs) && askedMs >= 0) return Math.max(SHORTEST_PAUSE_MS, askedMs);
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (refusalsInARow - 1));
}
