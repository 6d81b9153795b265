import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock, TimerHandle, TimerOptions } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { holds } from '../lib/property.ts';
import { scenarios } from './scenario.ts';
import { World } from './world.ts';

/** Knows which of a manager's own timers keep a process alive. */
class WatchedClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #foreground = new Set<TimerHandle>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  get keepsAlive(): boolean {
    return this.#foreground.size > 0;
  }

  now(): number {
    return this.#clock.now();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  setTimeout(callback: () => void, ms: number, options?: TimerOptions): TimerHandle {
    const handle = this.#clock.setTimeout(() => {
      this.#foreground.delete(handle);
      callback();
    }, ms);
    if (!options?.background) this.#foreground.add(handle);
    return handle;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#foreground.delete(handle);
    this.#clock.clearTimeout(handle);
  }
}

const property = fc.asyncProperty(scenarios({ dedupe: true }), fc.boolean(), async (scenario, watched) => {
  const clock = new VirtualClock();
  const own = new WatchedClock(clock);
  const world = new World(scenario, { clock: own }, clock);
  const subscription = watched ? world.manager.metrics$.subscribe() : undefined;
  world.onQuiet = () => {
    const busy = world.settled.size < world.handles.size;
    if (busy) expect(own.keepsAlive, `nothing keeps the process alive at ${clock.now()}`).toBe(true);
  };
  expect(await world.run()).toBe(true);
  subscription?.unsubscribe();
  await world.rest();
  expect(own.keepsAlive).toBe(false);
  expect(clock.pendingTimers).toBe(0);
  await world.manager.shutdownAll();
  expect(clock.pendingTimers).toBe(0);
});

test('work keeps a process alive, and nothing of ours does once it is idle', async () => {
  await holds(property);
});

test('nothing is left of a manager that is stopped in the middle of its work', async () => {
  await holds(
    fc.asyncProperty(scenarios({ maxRequests: 6 }), fc.integer({ min: 0, max: 200 }), async (scenario, stopMs) => {
      const clock = new VirtualClock();
      const own = new WatchedClock(clock);
      const atOnce = { ...scenario, requests: scenario.requests.map((request) => ({ ...request, atMs: 0, cancelMs: undefined })) };
      const world = new World(atOnce, { clock: own }, clock);
      clock.setTimeout(() => void world.manager.shutdownAll({ force: true }), stopMs + 0.5);
      expect(await world.run()).toBe(true);
      await clock.advance(stopMs);
      expect(own.keepsAlive).toBe(false);
    }),
  );
});
