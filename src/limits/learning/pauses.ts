const FIRST_PAUSE_MS = 80;
const LONGEST_PAUSE_MS = 10_000;
/** What blocks is asked again after this share of the time that it has blocked: so precisely is it known when it opened. */
const PAUSE_OF_BLOCK = 1 / 7;
/** The same once it has blocked for longer than the window was taken for. */
const PAUSE_OF_LONG_BLOCK = 1 / 2;
/** A pause that the provider asked for may be made up for up to so long. */
const MOST_CATCH_UP_MS = 1_500;
const MADE_UP = 0.8;

/** How long nothing is sent to what has refused so often in a row and of which nothing is known. */
export function doubledPauseMs(refusalsInARow: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, refusalsInARow - 1));
}

/** How long nothing is sent to what has blocked for so long. */
export function pauseOfBlockMs(blockedMs: number, horizonMs: number): number {
  const share = blockedMs > horizonMs ? PAUSE_OF_LONG_BLOCK : PAUSE_OF_BLOCK;
  return Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, blockedMs * share));
}

/** What may be sent at once after a probe's pause, beside the pace, where the provider asked for more of one than a probe needs. */
export function catchUpAfter(pauseMs: number, ratePerS: number): number {
  return pauseMs > 2 * FIRST_PAUSE_MS ? (MADE_UP * ratePerS * Math.min(pauseMs, MOST_CATCH_UP_MS)) / 1_000 : 0;
}
