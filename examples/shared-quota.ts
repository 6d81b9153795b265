/** Two models, one count: providers often limit an organisation or a family of models together. Name the domain in both. */
import { QueueManager } from 'headgate';
import { SimulatedProvider } from 'headgate/simulator';
import { VirtualClock } from 'headgate/testing';

const clock = new VirtualClock();
const provider = new SimulatedProvider({
  clock,
  models: ['gpt-4o', 'gpt-4o-2024-08-06'],
  limits: [{ type: 'rpm', limit: 60, windowMs: 60_000, mechanism: 'fixed', shared: true }],
});

const manager = new QueueManager({ clock });
const { registered } = manager.registerAllQueues(
  provider.models.map((modelId) => ({
    modelId,
    rateLimiters: [
      { type: 'rpm' as const, limit: 60, domain: 'gpt-4o family' }, // one limiter, whichever model uses it
      { type: 'concurrent' as const, limit: 5 }, // each its own
    ],
  })),
  async ({ modelId }, context) => {
    const call = provider.call({ model: modelId, inputTokens: 10, outputTokens: 10 });
    context.responseStarted((await call.headers).headers);
    if ((await call.done).kind !== 'completed') throw new Error('refused');
  },
);

const handles = registered.flatMap((modelId) => Array.from({ length: 80 }, () => manager.submit({ modelId })));
const responses = Promise.all(handles.map((handle) => handle.response));
await clock.advance(30_000);
for (const { modelId, processing, queueSize, rateLimiters } of Object.values(manager.getAllQueuesInfo())) {
  const [shared, own] = rateLimiters;
  console.log(
    `${modelId}: waiting ${queueSize}, running ${processing}; ${shared?.domain} ${shared?.usage}/${shared?.limit}, own ${own?.usage}/${own?.limit}`,
  );
}
await clock.advanceUntil(() => Object.values(manager.getAllQueuesInfo()).every((info) => info.queueSize + info.processing === 0));

const failed = (await responses).filter(({ status }) => status !== 'completed').length;
const [limit] = provider.stats().limits;
console.log(
  `${handles.length} requests, ${failed} failed, ${provider.stats().refused} refused, most in a window ${limit?.mostInAnyWindow} of ${limit?.limit}`,
);
await manager.shutdownAll();
