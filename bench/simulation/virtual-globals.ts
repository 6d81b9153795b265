import type { VirtualClock } from 'headgate/testing';

interface FakeTimer {
  handle: unknown;
  ref(): FakeTimer;
  unref(): FakeTimer;
  hasRef(): boolean;
}

/**
 * Puts the process's own timers and clocks on a virtual clock, so that libraries that know no injected clock can be
 * watched in the same simulation as one that does. `setImmediate` stays real: the virtual clock steps with it.
 * Returns how to undo it.
 */
export function installVirtualGlobals(clock: VirtualClock): () => void {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    dateNow: Date.now,
    performanceNow: performance.now,
  };
  const after = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): FakeTimer =>
    fakeTimer(clock.setTimeout(() => callback(...args), ms));
  const every = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): FakeTimer => {
    // Node's own shortest interval; with 0 a virtual clock would never get past this moment.
    const periodMs = Math.max(1, ms);
    const timer = fakeTimer(undefined);
    const tick = (): void => {
      timer.handle = clock.setTimeout(tick, periodMs);
      callback(...args);
    };
    timer.handle = clock.setTimeout(tick, periodMs);
    return timer;
  };
  const clear = (timer: unknown): void => {
    if (isFakeTimer(timer)) clock.clearTimeout(timer.handle);
  };
  Object.assign(globalThis, { setTimeout: after, clearTimeout: clear, setInterval: every, clearInterval: clear });
  Date.now = () => clock.wallMs();
  performance.now = () => clock.now();
  return () => {
    const { dateNow, performanceNow, ...timers } = real;
    Object.assign(globalThis, timers);
    Date.now = dateNow;
    performance.now = performanceNow;
  };
}

function fakeTimer(handle: unknown): FakeTimer {
  const timer: FakeTimer = { handle, ref: () => timer, unref: () => timer, hasRef: () => true };
  return timer;
}

function isFakeTimer(value: unknown): value is FakeTimer {
  return typeof value === 'object' && value !== null && 'handle' in value;
}
