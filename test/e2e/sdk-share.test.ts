import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHeadgate } from '../../src/client/index.ts';
import { KEY, SDK_DRIVERS, type SdkDriver } from './sdk-drivers.ts';
import { type SimulatorThread, simulatorThread } from './sdk-simulator.ts';

// test/client/sdk-share.test.ts holds every SDK to its share of the limit, on a clock that no other process disturbs. Here are real
// sockets and real time: every call answered, none refused.
const CALLS = 500;
const WINDOW_MS = 5_000;
const LIMIT = CALLS / 5;

const simulators = new Map<SdkDriver['provider'], SimulatorThread>();

beforeAll(async () => {
  for (const provider of ['openai', 'anthropic'] as const) {
    const simulator = await simulatorThread({
      limits: [{ type: 'rpm', limit: LIMIT, windowMs: WINDOW_MS, mechanism: 'sliding' }],
      cost: provider === 'openai' ? 'openai' : 'metered-output',
      dialect: provider,
      apiKey: KEY,
      countDelayMs: { min: 0, max: 10 },
      latency: { headersMs: { min: 10, max: 30 } },
    });
    simulators.set(provider, simulator);
  }
});

afterAll(async () => {
  await Promise.all([...simulators.values()].map((simulator) => simulator.stop()));
});

describe('500 calls over real sockets', () => {
  it('of both official SDKs, side by side', { timeout: 300_000 }, async () => {
    const drivers = SDK_DRIVERS.filter(({ name }) => name === 'openai 7' || name === '@anthropic-ai/sdk');
    const stories = await Promise.all(drivers.map((driver, index) => run(driver, index === 0 ? 'chat' : 'stream')));
    expect(stories).toEqual(drivers.map(({ name }) => ({ name, answered: CALLS, accepted: CALLS, refused: 0 })));
  });
});

async function run(driver: SdkDriver, kind: 'chat' | 'stream') {
  const simulator = simulators.get(driver.provider);
  if (simulator === undefined) throw new Error(`No simulated ${driver.provider}.`);
  const model = driver.name.replaceAll(/[^a-z0-9-]+/g, '-');
  // Provider, SDKs and whatever else runs share the processors here: what is sent may be counted late.
  const rateLimiters = [{ type: 'rpm' as const, limit: LIMIT, timePeriod: WINDOW_MS / 1000, countedWithinMs: 1_000 }];
  const deployments = [{ provider: driver.provider, baseUrl: simulator.url, apiKey: KEY }];
  const headgate = await createHeadgate({ models: { [model]: { rateLimiters, deployments } } });
  const ask = driver.connect(headgate, simulator.url, model, undefined)[kind];
  const answers = await Promise.all(Array.from({ length: CALLS }, (_, index) => ask(`Question ${index}`)));
  const { limits, refused } = await simulator.stats();
  await headgate.close();
  const accepted = limits.find((each) => each.model === model)?.accepted;
  return { name: driver.name, answered: answers.filter((answer) => answer.length > 0).length, accepted, refused };
}
