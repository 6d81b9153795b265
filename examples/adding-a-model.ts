/** Models come, change and go while requests run: registerQueue, updateLimits, pauseQueue, unregisterQueue. */
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueManager, type QueueRequest } from 'headgate';

const manager = new QueueManager<undefined, string>();
const processor = async ({ modelId }: QueueRequest): Promise<string> => {
  await sleep(20);
  return `answer of ${modelId}`;
};
const sizes = (): string =>
  JSON.stringify(Object.fromEntries(Object.entries(manager.getAllQueuesInfo()).map(([id, q]) => [id, q.queueSize])));

manager.registerQueue({ modelId: 'old-model', rateLimiters: [{ type: 'rpm', limit: 2, timePeriod: 60 }] }, processor);
const handles = Array.from({ length: 6 }, () => manager.submit({ modelId: 'old-model' }));
await sleep(10);
console.log('waiting, with two a minute:', sizes());

const { registered, skipped } = manager.registerAllQueues(
  [
    { modelId: 'old-model', rateLimit: 1 },
    { modelId: 'new-model', rateLimit: 100 },
  ],
  processor,
);
console.log(`registered ${registered}, skipped ${skipped}`);
const fresh = await manager.submitRequest({ modelId: 'new-model' });
if (fresh.status === 'completed') console.log(fresh.result);

manager.updateLimits('old-model', [{ type: 'rpm', limit: 100 }]);
await Promise.all(handles.map((handle) => handle.response));
console.log('after the limit was raised:', sizes());

manager.pauseQueue('new-model');
const paused = manager.submit({ modelId: 'new-model' });
console.log('while paused:', sizes());
manager.resumeQueue('new-model');
console.log(`resumed: ${(await paused.response).status}`);

await manager.unregisterQueue('old-model'); // takes nothing new, finishes what it has
console.log('left:', manager.getRegisteredModels().join(', '));
await manager.shutdownAll();
