/** `submit` throws what is wrong with the call; everything that happens later is a response with a reason and a code. */
import { setTimeout as sleep } from 'node:timers/promises';
import { LLMQueueException, QueueManager, type QueueRequest, type QueueResponse } from 'headgate';

const MODEL = 'gpt-4o';
const manager = new QueueManager<string, string>();
manager.registerQueue(
  { modelId: MODEL, rateLimiters: [{ type: 'tpm', limit: 1_000 }], attemptTimeoutSeconds: 0.1, maxQueueSize: 5 },
  async ({ params }: QueueRequest<string>, { signal }) => {
    if (params === 'break') throw new Error('the provider said 400');
    if (params === 'hang') await sleep(60_000, undefined, { signal });
    return 'fine';
  },
);

function explain(response: QueueResponse<string>): string {
  if (response.status === 'completed') return `completed: ${response.result}`;
  if (response.status !== 'failed') return response.status;
  switch (response.reason) {
    case 'error':
      return `failed in the processor (${response.code}); thrown: ${response.cause.cause}`;
    case 'timeout':
      return `out of time (${response.code})`;
    case 'cancelled':
      return `cancelled (${response.code})`;
    case 'rejected':
      return `can never run (${response.code})`;
    case 'shutdown':
      return `the engine was stopped (${response.code})`;
  }
}

console.log('hello:', explain(await manager.submitRequest({ modelId: MODEL, params: 'hello' })));
console.log('break:', explain(await manager.submitRequest({ modelId: MODEL, params: 'break' })));
console.log('hang:', explain(await manager.submitRequest({ modelId: MODEL, params: 'hang' })));
console.log('huge:', explain(await manager.submitRequest({ modelId: MODEL, params: 'huge', estimatedInputTokens: 5_000 })));
const handle = manager.submit({ modelId: MODEL, params: 'hang' });
handle.cancel('nobody waits for it');
console.log('cancel:', explain(await handle.response));

try {
  manager.submit({ modelId: 'gpt-5', params: 'hello' });
} catch (error) {
  if (!LLMQueueException.isInstance(error)) throw error;
  console.log(`submit threw ${error.name} (${error.code}): ${error.message}`);
}

const last = manager.submit({ modelId: MODEL, params: 'hang' });
await manager.shutdownAll({ force: true });
console.log('shutdown:', explain(await last.response));
