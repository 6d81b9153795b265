import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/domain/logger.ts';
import type { UsageStore } from '../../src/domain/usage-store.ts';
import { UsageKeeper } from '../../src/gateway/usage-keeper.ts';
import { QueueManager, type RateLimiterConfig } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

/** Hangs as long as it is told to. */
class Slow implements UsageStore {
  text: string | undefined;
  saves = 0;
  hangs = false;
  takesMs = 0;

  async load(): Promise<string | undefined> {
    if (this.hangs) await new Promise(() => {});
    return this.text;
  }

  async save(text: string): Promise<void> {
    this.saves++;
    if (this.hangs) await new Promise(() => {});
    if (this.takesMs > 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, this.takesMs));
    this.text = text;
  }
}

let clock: VirtualClock;
let store: Slow;
let managers: QueueManager[];
beforeEach(() => {
  clock = new VirtualClock({ wallMs: Date.parse('2026-03-08T12:00:00Z') });
  store = new Slow();
  managers = [];
});
afterEach(() => Promise.all(managers.map((manager) => manager.shutdownAll({ force: true }))));

interface Running {
  readonly manager: QueueManager;
  readonly keeper: UsageKeeper;
  /** Sends a call that the keeper hears of; it is answered after 10 ms. */
  readonly call: () => void;
  readonly used: () => number;
}

async function start(limit: RateLimiterConfig, looks = { usage: 0 }): Promise<Running> {
  const manager = new QueueManager({ clock });
  managers.push(manager);
  manager.registerQueue({ modelId: 'm', rateLimiters: [limit] }, () => new Promise((resolve) => clock.setTimeout(() => resolve({}), 10)));
  const { limitUsage } = manager;
  manager.limitUsage = () => {
    looks.usage++;
    return limitUsage.call(manager);
  };
  const keeper = new UsageKeeper({ queues: manager, store, accounts: {}, clock, logger: silentLogger });
  await keeper.restore();
  let calls = 0;
  const call = (): void => {
    const requestId = `${managers.length}-${calls++}`;
    keeper.started({ requestId });
    const { response } = manager.submit({ modelId: 'm', estimatedInputTokens: 100, estimatedOutputTokens: 0 });
    void response.then(() => keeper.finished({ requestId }));
  };
  return { manager, keeper, call, used: () => manager.getQueueInfo('m').rateLimiters[0]?.usage ?? 0 };
}

/** What counts for the next process, though the one before wrote nothing more. */
async function usedAfterAKill(limit: RateLimiterConfig): Promise<number> {
  return (await start(limit)).used();
}

describe('what a gateway writes down of its limits', () => {
  it.each([
    ['a day', { type: 'rpd', limit: 10_000, algorithm: 'calendar-day', timeZone: 'UTC' }],
    ['a bucket', { type: 'rpm', limit: 10_000, algorithm: 'token-bucket' }],
    ['a window', { type: 'rpm', limit: 10_000 }],
  ] as const)('makes up for the last second of a process that was killed, and for hardly more: %s', async (_name, limit) => {
    const { call, used } = await start(limit);
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 5; j++) call();
      await clock.advance(95);
    }
    const really = used();
    const after = await usedAfterAKill(limit);
    expect(after).toBeGreaterThanOrEqual(really);
    expect(after).toBeLessThanOrEqual(really + 65);
  });

  it('makes up for a burst like the one before, though that one has left the window', async () => {
    const limit = { type: 'rpm', limit: 200 } as const;
    const { call, used } = await start(limit);
    for (let i = 0; i < 100; i++) call();
    for (let i = 0; i < 61; i++) {
      await clock.advance(1_000);
      call();
    }
    for (let i = 0; i < 40; i++) call();
    await clock.advance(20);
    const really = used();
    expect(really).toBeLessThan(110);
    expect(await usedAfterAKill(limit)).toBeGreaterThanOrEqual(really);
  });

  it('makes up for what was sent after its last call was over, as far as it knows', async () => {
    const limit = { type: 'rpm', limit: 10_000 } as const;
    const { call } = await start(limit);
    call();
    await clock.advance(400);
    call();
    await clock.advance(110);
    expect(await usedAfterAKill(limit)).toBeGreaterThanOrEqual(2);
  });

  it('goes on when the wall clock is set back', async () => {
    const { call } = await start({ type: 'rpm', limit: 10_000 });
    for (let i = 0; i < 60; i++) {
      if (i === 30) clock.jumpWall(-3_600_000);
      call();
      await clock.advance(100);
    }
    expect(JSON.parse(store.text ?? '').savedAt).toBeLessThanOrEqual(clock.wallMs());
    expect(await usedAfterAKill({ type: 'rpm', limit: 10_000 })).toBeGreaterThanOrEqual(60);
  });

  it('goes on after a store that hung, and neither a start nor an end waits long for one', async () => {
    const first = await start({ type: 'rpm', limit: 10_000 });
    store.hangs = true;
    first.call();
    await clock.advance(5_000);
    store.hangs = false;
    await clock.advance(3_000);
    expect(JSON.parse(store.text ?? '')).toMatchObject({ limits: [{ counted: [{ amount: 1 }] }] });
    store.hangs = true;
    first.call();
    await clock.advance(500);
    const before = clock.now();
    let isOver = false;
    void first.keeper.stop().then(() => {
      isOver = true;
    });
    await clock.advanceUntil(() => isOver);
    expect(clock.now() - before).toBeLessThanOrEqual(4_000);
    const starting = start({ type: 'rpm', limit: 10_000 });
    await clock.advance(2_000);
    expect((await starting).used()).toBe(0);
  });

  it('has in the end what was sent past it, and is left alone by one that sent nothing', async () => {
    const first = await start({ type: 'rpm', limit: 10_000 });
    first.call();
    await clock.advance(3_000);
    first.manager.submit({ modelId: 'm', estimatedInputTokens: 1 });
    await clock.advance(1_000);
    await first.keeper.stop();
    const { text } = store;
    expect(await usedAfterAKill({ type: 'rpm', limit: 10_000 })).toBe(2);
    store.hangs = true;
    const starting = start({ type: 'rpm', limit: 10_000 });
    await clock.advance(2_000);
    store.hangs = false;
    await (await starting).keeper.stop();
    expect(store.text).toBe(text);
  });

  it('is gathered only where it is written', async () => {
    const looks = { usage: 0 };
    const { call } = await start({ type: 'rpm', limit: 10_000 }, looks);
    for (let i = 0; i < 100; i++) {
      call();
      await clock.advance(100);
    }
    expect(store.saves).toBeLessThanOrEqual(11);
    expect(looks.usage).toBe(store.saves);
  });

  it.each([
    [0, 45, 50],
    [80, 5, 7],
  ])('is written at each look of a burst, seldom where that takes long: %i ms', async (takesMs, least, most) => {
    store.takesMs = takesMs;
    const { call } = await start({ type: 'rpm', limit: 100, timePeriod: 1 });
    for (let i = 0; i < 50; i++) {
      for (let j = 0; j < 6; j++) call();
      await clock.advance(100);
    }
    expect(store.saves).toBeGreaterThanOrEqual(least);
    expect(store.saves).toBeLessThanOrEqual(most);
  });
});
