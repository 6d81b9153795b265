/** Many requests at once: submit them all, the engine keeps the limits; answers come as they are ready. */
import { QueueManager, type QueueRequest, systemClock } from 'headgate';
import { SimulatedProvider } from 'headgate/simulator';

const MODEL = 'gpt-4o-mini';
const provider = new SimulatedProvider({
  clock: systemClock,
  limits: [{ type: 'rpm', limit: 40, windowMs: 500, mechanism: 'sliding' }],
  latency: { headersMs: { min: 5, max: 30 } },
});

const manager = new QueueManager<{ text: string }, number>();
manager.registerQueue(
  {
    modelId: MODEL,
    rateLimiters: [
      { type: 'rpm', limit: 40, timePeriod: 0.5 },
      { type: 'concurrent', limit: 16 },
    ],
  },
  async ({ params }: QueueRequest<{ text: string }>, context) => {
    const call = provider.call({ model: MODEL, inputTokens: params.text.length, outputTokens: 20 }, { signal: context.signal });
    context.responseStarted((await call.headers).headers);
    const outcome = await call.done;
    if (outcome.kind !== 'completed') throw new Error(`the provider answered with ${outcome.kind}`);
    return outcome.inputTokens;
  },
);

const texts = Array.from({ length: 100 }, (_, index) => `Summarise article ${index}.`);
const handles = texts.map((text) => manager.submit({ modelId: MODEL, params: { text } }));
console.log(`submitted ${handles.length}, waiting ${manager.getQueueInfo(MODEL).queueSize}`);

// `response` never rejects, so `Promise.all` is safe: a request that fails says so in its answer.
let done = 0;
for (const handle of handles) void handle.response.then(() => ++done % 25 === 0 && console.log(`${done} done`));
const responses = await Promise.all(handles.map((handle) => handle.response));

const failed = responses.filter(({ status }) => status === 'failed');
const [limit] = provider.stats().limits;
console.log(`completed ${responses.length - failed.length}, failed ${failed.length}, refused by the provider ${provider.stats().refused}`);
console.log(`most in any half second at the provider: ${limit?.mostInAnyWindow} of ${limit?.limit}`);
await manager.shutdownAll();
