import { expect, it } from 'vitest';
import { QueueManager } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

it('lets a processor take everything out of its context', async () => {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock });
  const rateLimiters = [{ type: 'tpm' as const, limit: 1_000 }];
  manager.registerQueue({ modelId: 'm', rateLimiters }, async (_request, { deferSend, responseStarted, reportUsage, signal, logger }) => {
    const sent = deferSend();
    sent();
    responseStarted();
    reportUsage({ inputTokens: 7, outputTokens: 5 });
    logger.info({ aborted: signal.aborted }, 'called');
    return 'fine';
  });
  const response = await manager.submitRequest({ modelId: 'm', estimatedInputTokens: 100, estimatedOutputTokens: 100 });
  expect(response).toMatchObject({ status: 'completed', result: 'fine', inputTokensUsed: 7, outputTokensUsed: 5 });
  expect(manager.getQueueInfo('m').rateLimiterUsage).toBe(12);
  await manager.shutdownAll();
});
