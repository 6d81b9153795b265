/** One model, one limit, one request. Run it: `node examples/basic.ts` */
import { type ProcessorContext, QueueManager, type QueueRequest } from 'headgate';

interface Params {
  readonly prompt: string;
}

/** Your own call goes here: fetch, an SDK, anything that takes an AbortSignal. */
async function callModel(request: QueueRequest<Params>, context: ProcessorContext): Promise<{ text: string }> {
  context.signal.throwIfAborted();
  return { text: `You said: ${request.params.prompt}` };
}

const manager = new QueueManager<Params, { text: string }>();
manager.registerQueue({ modelId: 'gpt-4o', rateLimit: 10, timePeriod: 60 }, callModel); // 10 requests in any 60 seconds

const response = await manager.submitRequest({ modelId: 'gpt-4o', params: { prompt: 'Hello!' } });
console.log(`status: ${response.status}`);
if (response.status === 'completed') console.log(`result: ${response.result.text}`);

const { rateLimiterUsage, rateLimit } = manager.getQueueInfo('gpt-4o');
console.log(`used: ${rateLimiterUsage} of ${rateLimit}`);

await manager.shutdownAll();
