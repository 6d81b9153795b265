/** Requests and tokens limited together: nothing starts until every limit has room, and estimates are settled with the real usage. */
import { QueueManager, RateLimiterType } from 'headgate';
import { SimulatedProvider } from 'headgate/simulator';
import { VirtualClock } from 'headgate/testing';

const MODEL = 'gpt-4o';
// A minute of windows passes in milliseconds: engine and provider share a clock that jumps from timer to timer.
const clock = new VirtualClock();
const provider = new SimulatedProvider({
  clock,
  limits: [
    { type: 'rpm', limit: 30, windowMs: 60_000, mechanism: 'sliding' },
    { type: 'tpm', limit: 15_000, windowMs: 60_000, mechanism: 'sliding' },
  ],
  latency: { headersMs: { min: 500, max: 3_000 } },
});

const manager = new QueueManager({ clock });
manager.registerQueue(
  {
    modelId: MODEL,
    rateLimiters: [
      { type: RateLimiterType.RPM, limit: 30 },
      { type: RateLimiterType.TPM, limit: 15_000 },
      { type: RateLimiterType.CONCURRENT, limit: 8 },
    ],
  },
  async (request, context) => {
    const outputTokens = 50 + ((Number(request.id) * 37) % 400); // fewer than the 500 that were reserved
    const call = provider.call({ model: MODEL, inputTokens: 400, outputTokens, maxOutputTokens: 500 });
    context.responseStarted((await call.headers).headers);
    const outcome = await call.done;
    if (outcome.kind !== 'completed') throw new Error(`The provider refused request ${request.id}.`);
    context.reportUsage(outcome);
    return outcome.outputTokens;
  },
);

const reserve = { estimatedInputTokens: 400, estimatedOutputTokens: 500 };
const handles = Array.from({ length: 100 }, (_, index) => manager.submit({ modelId: MODEL, id: String(index), ...reserve }));
const done = Promise.all(handles.map((handle) => handle.response));
await clock.advance(2_000);
for (const { type, usage, limit, state } of manager.getQueueInfo(MODEL).rateLimiters) {
  console.log(`after 2 s: ${type} ${usage} of ${limit}, ${state}`);
}
await clock.advanceUntil(() => manager.getQueueInfo(MODEL).queueSize + manager.getQueueInfo(MODEL).processing === 0);
const completed = (await done).filter(({ status }) => status === 'completed').length;

console.log(`${completed} of 100 completed in ${Math.round(clock.now() / 1000)} s of the provider's time`);
for (const { type, mostInAnyWindow, limit } of provider.stats().limits) {
  console.log(`at the provider: ${type} at most ${mostInAnyWindow} of ${limit}`);
}
console.log(`refused: ${provider.stats().refused}`);
await manager.shutdownAll();
