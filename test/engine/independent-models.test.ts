import { expect, it } from 'vitest';
import { QueueManager } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

it('a model that waits for its limits holds nobody of another model back, and each request runs on its own model', async () => {
  const clock = new VirtualClock();
  const manager = new QueueManager<string, string>({ clock });
  for (const modelId of ['busy', 'free'])
    manager.registerQueue(
      { modelId, rateLimiters: [{ type: 'rpm', limit: modelId === 'busy' ? 1 : 100 }] },
      ({ params }) => `${params} on ${modelId}`,
    );

  const handles = ['a', 'b', 'c'].flatMap((params) => ['busy', 'free'].map((modelId) => manager.submit({ modelId, params })));
  await clock.advance(1_000);
  const states = handles.map(({ id }, index) => manager.getStatus(index % 2 === 0 ? 'busy' : 'free', id)?.status);
  await clock.advance(180_000);

  expect(states).toEqual(['completed', 'completed', 'pending', 'completed', 'pending', 'completed']);
  const results = await Promise.all(handles.map(({ response }) => response));
  expect(results.map(({ result }) => result)).toEqual(['a on busy', 'a on free', 'b on busy', 'b on free', 'c on busy', 'c on free']);
});

it.each([
  ['rpm', 60],
  ['tpm', 60],
  ['itpm', 60],
  ['otpm', 60],
  ['rpd', 86_400],
  ['tpd', 86_400],
] as const)('a limit of type %s has a window of %d s by default, and counts what its name says', async (type, seconds) => {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock });
  manager.registerQueue({ modelId: 'm', rateLimiters: [{ type, limit: 10 }] }, () => undefined);
  const cost = { rpm: 1, rpd: 1, tpm: 7, tpd: 7, itpm: 4, otpm: 3 }[type];

  await manager.submitRequest({ modelId: 'm', estimatedInputTokens: 4, estimatedOutputTokens: 3 });
  const used = manager.getQueueInfo('m').rateLimiterUsage;
  await clock.advance(seconds * 990);
  const before = manager.getQueueInfo('m').rateLimiterUsage;
  await clock.advance(seconds * 20);

  expect([used, before, manager.getQueueInfo('m').rateLimiterUsage]).toEqual([cost, cost, 0]);
});
