/** Logs on pino with keys and prompts redacted, a stopwatch, and a time limit for any promise. */
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueManager, QueueTimeout, Timer, withTimeout } from 'headgate';
import { getLogger, setupLogging } from 'headgate/logging';

setupLogging({ level: 'info' });
const logger = getLogger('my_app');
const manager = new QueueManager({ logger });
manager.registerQueue({ modelId: 'gpt-4o', rateLimit: 10 }, async (request, context) => {
  context.logger.info({ requestId: request.id, prompt: 'never shown' }, 'calling the provider');
  await sleep(50);
  return 'fine';
});

{
  using timer = new Timer();
  await manager.submitRequest({ modelId: 'gpt-4o', id: 'logged' });
  console.log(`took at least 0.05 s: ${timer.elapsed >= 0.05}`);
}

try {
  await withTimeout((signal) => sleep(60_000, undefined, { signal }), 0.05);
} catch (error) {
  if (error instanceof QueueTimeout) console.log(error.message);
}
await manager.shutdownAll();
