import type { Clock, TimerHandle } from '../../domain/clock.ts';

const LOOK_EVERY_MS = 1_000;
const SAY_EVERY_MS = 10_000;

/** Says why an answer doesn't come while its call waits: after a second, and again every ten. Returns how to end that. */
export function noticeWaits(waitsFor: () => string | null, clock: Clock, say: (text: string) => void): () => void {
  let timer: TimerHandle;
  const lookIn = (ms: number): void => {
    timer = clock.setTimeout(look, ms, { background: true });
  };
  const look = (): void => {
    const reason = waitsFor();
    if (reason !== null) say(`waiting: ${reason}`);
    lookIn(reason === null ? LOOK_EVERY_MS : SAY_EVERY_MS);
  };
  lookIn(LOOK_EVERY_MS);
  return () => clock.clearTimeout(timer);
}
