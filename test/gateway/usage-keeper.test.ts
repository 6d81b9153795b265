import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createHeadgate, type Headgate, type HeadgateConfigInput } from '../../src/client/index.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { type Logger, silentLogger } from '../../src/domain/logger.ts';
import type { UsageStore } from '../../src/domain/usage-store.ts';
import { createGateway } from '../../src/gateway/index.ts';
import { limitAccounts } from '../../src/gateway/limit-accounts.ts';
import { UsageKeeper } from '../../src/gateway/usage-keeper.ts';
import { SimulatedProvider, simulateHttp } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { at, chatBody, KEY } from '../client/headgate-world.ts';

const LIMIT = 120;
const WINDOW_S = 60;

class Memory implements UsageStore {
  text: string | undefined;
  saves = 0;
  down = false;

  async load(): Promise<string | undefined> {
    if (this.down) throw new Error('the store is down');
    return this.text;
  }

  async save(text: string): Promise<void> {
    if (this.down) throw new Error('the store is down');
    this.saves++;
    this.text = text;
  }
}

/** Processes one after the other before one provider that keeps its limit. */
class Processes {
  readonly clock = new VirtualClock();
  readonly store = new Memory();
  readonly warnings: string[] = [];
  readonly provider: SimulatedProvider;
  readonly #logger: Logger = { ...silentLogger, warn: (_fields: unknown, text?: string) => void this.warnings.push(text ?? '') };
  readonly #headgates: Headgate[] = [];
  #asked = 0;

  constructor() {
    const limits = [{ type: 'rpm' as const, limit: LIMIT, windowMs: WINDOW_S * 1_000, mechanism: 'sliding' as const }];
    this.provider = new SimulatedProvider({ clock: this.clock, seed: 1, models: ['gpt-4o'], limits });
  }

  async start(more: object = {}): Promise<{ headgate: Headgate; keeper: UsageKeeper; ask: (calls: number) => void }> {
    const { clock, provider, store } = this;
    const deployment = at('provider.test', { rateLimiters: [{ type: 'rpm', limit: LIMIT }], ...more });
    const config: HeadgateConfigInput = { models: { 'gpt-4o': { deployments: [deployment] } } };
    const headgate = await createHeadgate(config, {
      clock,
      env: {},
      transport: (request) => {
        request.onWritten();
        return simulateHttp(provider, request);
      },
    });
    this.#headgates.push(headgate);
    const keeper = new UsageKeeper({
      queues: headgate.queues,
      store,
      accounts: limitAccounts(parseHeadgateConfig(config)),
      clock,
      logger: this.#logger,
    });
    await keeper.restore();
    const ask = (calls: number): void => {
      for (let i = 0; i < calls; i++) {
        const call = { requestId: `call-${this.#asked++}` };
        keeper.started(call);
        const answered = headgate.dispatch('gpt-4o', { format: 'openai-chat', body: chatBody() });
        answered.catch(() => {}).finally(() => keeper.finished(call));
      }
    };
    return { headgate, keeper, ask };
  }

  /** As the end of a process is: nothing more is sent, and nothing written. */
  async kill({ headgate }: { headgate: Headgate }): Promise<void> {
    this.store.down = true;
    await headgate.close({ force: true });
    this.store.down = false;
  }

  async close(): Promise<void> {
    await Promise.all(this.#headgates.map((headgate) => headgate.close({ force: true })));
  }
}

let there: Processes;
afterEach(() => there.close());

describe('a gateway that starts where another one stopped', () => {
  it.each([
    ['in the middle of a burst', 500],
    ['when it had used everything', 8_000],
    ['while some of it has gone already', 75_300],
  ])('keeps the limit though that one was killed %s', async (_when, ms) => {
    there = new Processes();
    const first = await there.start();
    first.ask(3 * LIMIT);
    await there.clock.advance(3_700 + ms);
    await there.kill(first);
    await there.clock.advance(400);
    const second = await there.start();
    second.ask(3 * LIMIT);
    await there.clock.advance(3 * WINDOW_S * 1_000);
    const { accepted, refused, limits } = there.provider.stats();
    expect(refused).toBe(0);
    expect(limits[0]?.mostInAnyWindow).toBeLessThanOrEqual(LIMIT);
    expect(accepted).toBeGreaterThanOrEqual(2.5 * LIMIT);
  });

  it('keeps it though that one sent some after its last note', async () => {
    there = new Processes();
    const first = await there.start();
    for (let i = 0; i < 100; i++) {
      first.ask(1);
      await there.clock.advance(249);
    }
    await there.kill(first);
    const second = await there.start();
    second.ask(3 * LIMIT);
    await there.clock.advance(2 * WINDOW_S * 1_000);
    expect(there.provider.stats().refused).toBe(0);
  });

  it('would not without: the same restarts are refused', async () => {
    there = new Processes();
    const first = await there.start();
    first.ask(3 * LIMIT);
    await there.clock.advance(8_000);
    await there.kill(first);
    there.store.text = undefined;
    const second = await there.start();
    second.ask(3 * LIMIT);
    await there.clock.advance(WINDOW_S * 1_000);
    expect(there.provider.stats().refused).toBeGreaterThan(0);
  });

  it('is told the last call of one that stopped in order, and takes no more for sent than was', async () => {
    there = new Processes();
    const first = await there.start();
    first.ask(7);
    await there.clock.advance(10_000);
    first.ask(1);
    await there.clock.advance(600);
    await first.headgate.close({ force: true });
    await first.keeper.stop();
    const usage = async (more?: object): Promise<number> => {
      const { headgate } = await there.start(more);
      return headgate.queues.getQueueInfo('gpt-4o').rateLimiterUsage;
    };
    expect(await usage()).toBe(8);
    // Another account, though the deployment has the same name.
    expect(await usage({ apiKey: 'sk-another' })).toBe(0);
    expect(await usage({ baseUrl: 'https://elsewhere.test/v1' })).toBe(0);
    expect(there.store.text).not.toContain(KEY);
  });

  it('writes nothing while nothing changes, tells once that it can’t, and starts without what it can’t read', async () => {
    there = new Processes();
    const { clock, store, warnings } = there;
    const first = await there.start();
    await clock.advance(5_000);
    expect(store.saves).toBe(0);
    first.ask(1);
    await clock.advance(5_000);
    const { saves } = store;
    await clock.advance(30_000);
    expect(store.saves).toBe(saves);
    store.down = true;
    first.ask(1);
    await clock.advance(5_000);
    expect(store.saves).toBe(saves);
    expect(warnings).toEqual(['what counts in the limits could not be written down']);
    store.down = false;
    await clock.advance(1_100);
    expect(JSON.parse(store.text ?? '').limits[0].counted).toHaveLength(2);
    store.down = true;
    const second = await there.start();
    expect(second.headgate.queues.getQueueInfo('gpt-4o').rateLimiterUsage).toBe(0);
    store.down = false;
    store.text = '{"limits":[{}],"accounts":{}}';
    const third = await there.start();
    expect(third.headgate.queues.getQueueInfo('gpt-4o').rateLimiterUsage).toBe(0);
    expect(warnings).toHaveLength(3);
  });
});

describe('createGateway', () => {
  it('goes on with what the one before it had sent, from the same database', async () => {
    there = new Processes();
    const folder = mkdtempSync(join(tmpdir(), 'headgate-kept-'));
    const clock = new VirtualClock();
    const open = () =>
      createGateway(
        {
          models: { 'gpt-4o': { rateLimiters: [{ type: 'rpm', limit: 10 }], deployments: [at('provider.test')] } },
          gateway: { database: join(folder, 'h.db') },
          telemetry: { sink: 'none' },
        },
        { env: {}, clock, transport: (request) => simulateHttp(there.provider, request) },
      );
    try {
      const first = await open();
      const answers = Array.from({ length: 4 }, () => first.headgate.dispatch('gpt-4o', { format: 'openai-chat', body: chatBody() }));
      await clock.advance(3_000);
      await there.clock.advance(3_000);
      await Promise.all(answers);
      const closed = first.close({ deadlineMs: 100 });
      await clock.advance(20_000);
      await closed;
      const second = await open();
      expect(second.headgate.queues.getQueueInfo('gpt-4o').rateLimiters[0]).toMatchObject({ type: 'rpm', usage: 4 });
      const ended = second.close({ deadlineMs: 100 });
      await clock.advance(20_000);
      await ended;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
