/** Submit, do something else, ask later: the engine remembers the last answers of each model. */
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueManager, type QueueRequest } from 'headgate';

const MODEL = 'gpt-4o';
const manager = new QueueManager<{ prompt: string }, string>({ historySize: 1_000, historyTtlMs: 60_000 });
manager.registerQueue({ modelId: MODEL, rateLimit: 10 }, async ({ params }: QueueRequest<{ prompt: string }>) => {
  await sleep(100);
  return params.prompt.toUpperCase();
});

const { requestId, status } = await manager.submitRequest({
  modelId: MODEL,
  params: { prompt: 'process this later' },
  waitForCompletion: false,
});
console.log(`at once: ${status}`);

await sleep(20);
console.log(`a moment later: ${manager.getStatus(MODEL, requestId)?.status}`);

await sleep(200);
const answer = manager.getStatus(MODEL, requestId);
if (answer?.status === 'completed') console.log(`later: ${answer.status}, result: ${answer.result}`);

// Usage that only becomes known afterwards still settles the token limits.
console.log(`usage corrected: ${manager.updateTokenUsage(MODEL, requestId, { inputTokens: 5, outputTokens: 3 })}`);
console.log(`an id nobody knows: ${manager.getStatus(MODEL, 'no-such-id')}`);
await manager.shutdownAll();
