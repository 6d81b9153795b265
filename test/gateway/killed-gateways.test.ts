import { afterEach, describe, expect, it } from 'vitest';
import { createHeadgate, type Headgate, type HeadgateConfigInput } from '../../src/client/index.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import type { UsageStore } from '../../src/domain/usage-store.ts';
import { limitAccounts } from '../../src/gateway/limit-accounts.ts';
import { UsageKeeper } from '../../src/gateway/usage-keeper.ts';
import { SeededRandom, SimulatedProvider, simulateHttp } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { at, chatBody } from '../client/headgate-world.ts';

const LIMIT = 120;
const LIVES = 6;
const WRITE_MS = 5;

const config: HeadgateConfigInput = {
  models: { 'gpt-4o': { deployments: [at('provider.test', { rateLimiters: [{ type: 'rpm', limit: LIMIT }] })] } },
};

const headgates: Headgate[] = [];
afterEach(() => Promise.all(headgates.splice(0).map((headgate) => headgate.close({ force: true }))));

/** The next so many calls, and how long until there are more: a trickle, bursts, or a steady load. */
function loadOf(random: SeededRandom): () => readonly [calls: number, ms: number] {
  const kind = Math.floor(random.next() * 3);
  if (kind === 0) return () => [1, random.next() * 1_000];
  return kind === 1 ? () => [Math.floor(random.next() * 40), random.next() * 20_000] : () => [6, 2_000];
}

/** One gateway after the other before one provider, each ended at some moment. */
async function lives(seed: number, isKilled: boolean): Promise<SimulatedProvider> {
  const random = new SeededRandom(seed);
  const clock = new VirtualClock();
  const provider = new SimulatedProvider({
    clock,
    seed,
    models: ['gpt-4o'],
    countDelayMs: { min: 0, max: 900 },
    latency: { headersMs: { min: 200, max: 1_200 } },
    limits: [{ type: 'rpm', limit: LIMIT, windowMs: 60_000, mechanism: 'sliding' }],
  });
  let text: string | undefined;
  for (let life = 0; life < LIVES; life++) {
    let isDead = false;
    const store: UsageStore = {
      load: async () => text,
      save: async (usage) => {
        await new Promise<void>((resolve) => clock.setTimeout(resolve, WRITE_MS));
        if (!isDead) text = usage;
      },
    };
    const headgate = await createHeadgate(config, {
      clock,
      env: {},
      transport: (request) => {
        request.onWritten();
        return simulateHttp(provider, request);
      },
    });
    headgates.push(headgate);
    const accounts = limitAccounts(parseHeadgateConfig(config));
    const keeper = new UsageKeeper({ queues: headgate.queues, store, accounts, clock, logger: silentLogger });
    await keeper.restore();
    const load = loadOf(random);
    const end = clock.now() + 5_000 + random.next() * 70_000;
    for (let asked = 0; clock.now() < end; ) {
      const [calls, ms] = load();
      for (let i = 0; i < calls; i++) {
        const call = { requestId: `${life}-${asked++}` };
        keeper.started(call);
        const answered = headgate.dispatch('gpt-4o', { format: 'openai-chat', body: chatBody() });
        answered.catch(() => {}).finally(() => keeper.finished(call));
      }
      await clock.advance(Math.min(end - clock.now() + 1, ms));
    }
    isDead = isKilled;
    await headgate.close({ force: true });
    const stopped = keeper.stop();
    await clock.advance(300 + random.next() * 3_000);
    await stopped;
  }
  return provider;
}

describe('gateways that end at any moment, one after the other', () => {
  it.each([2, 3, 5, 7, 8])('are refused nothing by a provider that counts late: seed %i', async (seed) => {
    for (const isKilled of [true, false]) {
      const { accepted, refused } = (await lives(seed, isKilled)).stats();
      expect(refused, isKilled ? 'killed' : 'stopped').toBe(0);
      expect(accepted).toBeGreaterThan(LIMIT);
    }
  });
});
