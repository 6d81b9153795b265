import { describe, expect, it } from 'vitest';
import { createHeadgate } from '../../src/client/index.ts';
import { SimulatedProvider, simulatedFetch, simulateHttp } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { KEY, SDK_DRIVERS, type SdkDriver } from '../e2e/sdk-drivers.ts';

const CALLS = 500;
const WINDOW_MS = 5_000;
/** The last call starts in the fifth window. */
const LIMIT = CALLS / 5;

const RUNS = SDK_DRIVERS.flatMap((driver) =>
  (['chat', 'stream'] as const).flatMap((kind) =>
    [0, undefined].map((maxRetries) => ({ driver, name: driver.name, kind, maxRetries, retries: maxRetries ?? 'default' })),
  ),
);

/** 500 calls of an unmodified SDK under the virtual clock. */
async function run(driver: SdkDriver, kind: 'chat' | 'stream', maxRetries: number | undefined) {
  const clock = new VirtualClock();
  const isOpenAi = driver.provider === 'openai';
  const provider = new SimulatedProvider({
    clock,
    limits: [{ type: 'rpm', limit: LIMIT, windowMs: WINDOW_MS, mechanism: 'sliding' }],
    cost: isOpenAi ? 'openai' : 'metered-output',
    dialect: driver.provider,
    apiKey: KEY,
    countDelayMs: { min: 0, max: 50 },
    latency: { headersMs: { min: 20, max: 180 } },
  });
  const rateLimiters = [{ type: 'rpm' as const, limit: LIMIT, timePeriod: WINDOW_MS / 1000 }];
  const url = 'http://provider.test';
  const deployments = [{ provider: driver.provider, baseUrl: url, apiKey: KEY }];
  const headgate = await createHeadgate(
    { models: { m: { rateLimiters, deployments } } },
    {
      clock,
      transport: async ({ method, path, headers, body, signal, onWritten }) => {
        onWritten();
        return simulateHttp(provider, { method, path, headers, signal, ...(body !== undefined && { body }) });
      },
    },
  );
  const ask = driver.connect(headgate, url, 'm', maxRetries, simulatedFetch(provider))[kind];
  const answers: string[] = [];
  let failed: unknown;
  const all = Array.from({ length: CALLS }, async (_, index) => {
    answers.push(await ask(`Question ${index}`));
  });
  const done = Promise.all(all).catch((error: unknown) => {
    failed = error;
  });
  let isDone = false;
  void done.then(() => {
    isDone = true;
  });
  for (let step = 0; !isDone && step < 100; step++) await clock.advance(WINDOW_MS / 5);
  const { limits, refused } = provider.stats();
  const { processing, queueSize } = headgate.queues.getQueueInfo('m');
  await headgate.close();
  const answered = answers.filter((answer) => answer.length > 0).length;
  return { facts: { answered, failed, refused, processing, queueSize }, limit: limits[0] };
}

describe('500 calls of an unmodified SDK at once, through at least five windows', () => {
  it.each(RUNS)('$name, $kind, retries: $retries', async ({ driver, kind, maxRetries }) => {
    const { facts, limit } = await run(driver, kind, maxRetries);
    expect(facts).toEqual({ answered: CALLS, failed: undefined, refused: 0, processing: 0, queueSize: 0 });
    expect(limit?.accepted).toBe(CALLS);
    expect(limit?.mostInAnyWindow).toBeLessThanOrEqual(LIMIT);
    expect(limit?.share).toBeGreaterThanOrEqual(0.95);
  });
});
