import fc from 'fast-check';
import { config } from 'rxjs';
import { expect, test, vi } from 'vitest';
import { InvalidRequest, type Logger, QueueManager, type QueueManagerOptions } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { holds } from '../lib/property.ts';
import { type Scenario, scenarios } from './scenario.ts';
import { World } from './world.ts';

const thrown: unknown[] = [];

/** An exception of a raw stream's subscriber is its own uncaught exception; in this file it is only collected. */
config.onUnhandledError = (error) => thrown.push(error);

/** Made once: to write down a stack at each event would take most of the time. */
const OOPS = new Error('an observer threw');

function fail(): never {
  throw OOPS;
}

const brokenLogger: Logger = { debug: fail, info: fail, warn: fail, error: fail };

/** How everything ended, and when each call was made. */
async function lifeOf(scenario: Scenario, options: QueueManagerOptions, observe: (world: World) => void): Promise<object> {
  const world = new World(scenario, options);
  observe(world);
  expect(await world.run()).toBe(true);
  await world.clock.advance(2_000);
  return {
    settled: [...world.settled].map(([id, [response]]) => [id, response?.status, response?.attempts, response?.queueTime]),
    calls: world.calls.map(({ id, startedAt, endedAt }) => [id, startedAt, endedAt]),
    usage: Object.values(world.manager.getAllQueuesInfo()).map(({ rateLimiters }) => rateLimiters.map(({ usage }) => usage)),
  };
}

test('loggers, inspectors and subscribers that always throw change nothing of what happens', async () => {
  await holds(
    fc.asyncProperty(scenarios({ dedupe: true, maxRequests: 5, maxModels: 2 }), async (scenario) => {
      const undisturbed = await lifeOf(scenario, {}, () => {});
      const disturbed = await lifeOf(scenario, { logger: brokenLogger, inspect: fail }, ({ manager }) => {
        manager.events$.subscribe(fail);
        const metrics = manager.metrics$.subscribe(fail);
        metrics.unsubscribe();
        manager.events$.subscribe((event) => {
          if (event.type === 'request-admitted') fail();
        });
      });
      expect(disturbed).toEqual(undisturbed);
    }),
  );
  await vi.waitFor(() => expect(thrown.length).toBeGreaterThan(0));
});

test("a subscriber of one request's status that throws harms neither it nor the others", async () => {
  await holds(
    fc.asyncProperty(scenarios({ maxRequests: 6 }), async (scenario) => {
      const undisturbed = await lifeOf(scenario, {}, () => {});
      const disturbed = await lifeOf(scenario, {}, (world) => {
        world.manager.events$.subscribe((event) => {
          if (event.type === 'request-submitted') queueMicrotask(() => world.handles.get(event.requestId)?.status$.subscribe(fail));
        });
      });
      expect(disturbed).toEqual(undisturbed);
    }),
  );
});

test('a logger that throws while a processor is told that its report is no report is nothing to the processor', async () => {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock, logger: brokenLogger });
  manager.registerQueue({ modelId: 'm', rateLimit: 5 }, (_request, context) => {
    context.reportUsage({ inputTokens: Number.NaN, outputTokens: 1 });
    context.logger.info({ fine: true }, 'said by the processor');
    return 'done';
  });
  expect(await manager.submitRequest({ modelId: 'm' })).toMatchObject({ status: 'completed', result: 'done' });
});

test.each([
  ['throws', fail],
  ['gives nothing', () => undefined as never],
  ['gives no numbers', () => ({ inputTokens: Number.NaN, outputTokens: 1 })],
  ['gives negative numbers', () => ({ inputTokens: 1, outputTokens: -1 })],
  ['gives endless numbers', () => ({ inputTokens: Number.POSITIVE_INFINITY, outputTokens: 1 })],
])('an estimator that %s refuses the one request it was asked about, and says so', async (_what, wrong) => {
  const manager = new QueueManager({
    clock: new VirtualClock(),
    estimator: (request) => (request.id === 'odd' ? wrong() : { inputTokens: 1.2, outputTokens: 0 }),
  });
  manager.registerQueue({ modelId: 'm', rateLimiters: [{ type: 'tpm', limit: 10 }] }, () => 'done');
  expect(() => manager.submit({ modelId: 'm', id: 'odd' })).toThrow(InvalidRequest);
  expect(() => manager.submit({ modelId: 'm', id: 'odd' })).toThrow(/'odd'.*estimator.*estimatedInputTokens/);
  expect(manager.getQueueInfo('m')).toMatchObject({ queueSize: 0, processing: 0 });
  expect(manager.getStatus('m', 'odd')).toBeNull();
  expect(await manager.submitRequest({ modelId: 'm', id: 'odd', estimatedInputTokens: 1, estimatedOutputTokens: 1 })).toMatchObject({
    status: 'completed',
  });
  expect(await manager.submitRequest({ modelId: 'm', id: 'even' })).toMatchObject({ status: 'completed' });
  // Whole tokens are reserved for fractions.
  expect(manager.getQueueInfo('m').rateLimiters[0]?.usage).toBe(4);
});
