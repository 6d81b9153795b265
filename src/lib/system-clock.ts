import type { Clock, TimerHandle, TimerOptions } from '../domain/clock.ts';

/** Longer delays than a 32-bit timer holds fire at once in every runtime, so they are clamped; callers re-check on waking. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

interface Unrefable {
  unref(): void;
}

function isUnrefable(handle: unknown): handle is Unrefable {
  return typeof handle === 'object' && handle !== null && 'unref' in handle;
}

/** The clock of the running process. The only place that reads real time or sets real timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  setTimeout(callback: () => void, ms: number, options?: TimerOptions): TimerHandle {
    const handle = setTimeout(callback, Math.min(Math.max(ms, 0), MAX_TIMER_MS));
    if (options?.background && isUnrefable(handle)) handle.unref();
    return handle;
  },
  clearTimeout(handle: TimerHandle): void {
    clearTimeout(handle as ReturnType<typeof setTimeout>);
  },
};

/** Resolves after the microtasks queued so far, and those they queue, have run. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}

/** The process's source of randomness, from 0 to below 1; whoever needs it takes it as an argument. */
export const systemRandom: () => number = Math.random;
