import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { queueAndLimiters } from '../../bench/peers/queue-and-limiters.ts';
import { reservoirs } from '../../bench/peers/reservoir.ts';
import { serialLog } from '../../bench/peers/serial-log.ts';
import type { SimulatedSystem, SystemOptions } from '../../bench/peers/simulated-system.ts';
import { parseTrace, syntheticTrace } from '../../bench/simulation/trace.ts';
import { installVirtualGlobals } from '../../bench/simulation/virtual-globals.ts';
import { estimatedCost, maxTokensFor, type Work } from '../../bench/simulation/work.ts';
import { SimulatedProvider } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

let clock: VirtualClock;
let restore: () => void;

beforeEach(() => {
  clock = new VirtualClock();
  restore = installVirtualGlobals(clock);
});

afterEach(() => restore());

describe('the process on a virtual clock', () => {
  it('tells virtual time and fires timers at their virtual moments', async () => {
    const before = Date.now();
    const fired: number[] = [];
    setTimeout((amount: number) => fired.push(amount + performance.now()), 1500, 1);
    await clock.advance(1499);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([1501]);
    expect(Date.now() - before).toBe(1500);
  });

  it('repeats intervals until they are cleared, also from inside', async () => {
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
      if (ticks === 3) clearInterval(timer);
    }, 1000);
    timer.unref();
    await clock.advance(10_000);
    expect(ticks).toBe(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('forgets cleared timers, and puts everything back', async () => {
    let fired = false;
    clearTimeout(setTimeout(() => (fired = true), 10));
    await clock.advance(100);
    expect(fired).toBe(false);
    restore();
    expect(Math.abs(Date.now() - clock.wallMs())).toBeGreaterThan(1e9);
  });
});

describe('the trace', () => {
  it('reads rows with either line ending', () => {
    expect(parseTrace('TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.68,374,44\r\nb,1,2\n')).toEqual([
      { at: '2023-11-16 18:15:46.68', inputTokens: 374, outputTokens: 44 },
      { at: 'b', inputTokens: 1, outputTokens: 2 },
    ]);
  });

  it('refuses a row that is none', () => {
    expect(() => parseTrace('heading\n2023,many,44\n')).toThrow('2023,many,44');
  });

  it('has a stand-in within bounds', () => {
    for (const row of syntheticTrace(() => 1e9, 3)) expect(row).toEqual({ inputTokens: 14_000, outputTokens: 1500 });
  });

  it('sets max_tokens that every answer fits', () => {
    expect([1, 64, 65, 1000, 1024].map(maxTokensFor)).toEqual([64, 64, 128, 1024, 1024]);
  });
});

describe('the systems that Headgate is compared with', () => {
  const work: Work = { characters: 400, maxTokens: 100, inputTokens: 100, outputTokens: 10 };
  const limit = 10 * estimatedCost(work);
  const windowMs = 60_000;

  function simulate(make: (options: SystemOptions) => SimulatedSystem, provided = limit) {
    const limits = [{ type: 'tpm', limit: provided, windowMs, mechanism: 'sliding' }] as const;
    const provider = new SimulatedProvider({ clock, limits, cost: 'azure', countDelayMs: { min: 0, max: 0 } });
    const call: SystemOptions['call'] = () => provider.call({ model: 'm', inputTokens: 100, maxOutputTokens: 100, outputTokens: 10 });
    const system = make({ tokensPerMinute: limit, requestsPerMinute: 1000, windowMs, call });
    let done = 0;
    for (let i = 0; i < 25; i++)
      system.submit(work).then(
        () => done++,
        (error: unknown) => expect.unreachable(String(error)),
      );
    return { provider, done: () => done };
  }

  it.each([
    ['p-queue + rate-limiter-flexible', queueAndLimiters],
    ['bottleneck', reservoirs],
    ['seed A', serialLog],
  ] as const)('%s lets one window’s worth through, waits for the next window, and does all in the end', async (_, make) => {
    const { provider, done } = simulate(make);
    await clock.advance(windowMs - 1000);
    expect(done()).toBe(10);
    await clock.advance(windowMs);
    expect(done()).toBe(20);
    await clock.advance(windowMs);
    expect(done()).toBe(25);
    expect(provider.stats().accepted).toBe(25);
  });

  it.each([
    ['p-queue + rate-limiter-flexible', queueAndLimiters],
    ['bottleneck', reservoirs],
    ['seed A', serialLog],
  ] as const)('%s tries again when the provider refuses', async (_, make) => {
    const { provider, done } = simulate(make, limit / 2);
    await clock.advance(8 * windowMs);
    expect(done()).toBe(25);
    expect(provider.stats().refused).toBeGreaterThan(0);
  });
});
