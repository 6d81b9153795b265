import { expect, it } from 'vitest';
import { createLlmManager } from '../../src/client/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

it('a call that is cancelled while it runs leaves no timer behind', async () => {
  const clock = new VirtualClock();
  const manager = await createLlmManager(
    { providers: { openai: { apiKeys: ['key-of-one'], models: ['m'] } } },
    {
      clock,
      env: {},
      transport: ({ signal, onWritten }) =>
        new Promise((_, reject) => {
          onWritten();
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    },
  );
  const controller = new AbortController();
  const answer = manager.getClient('openai').complete([{ role: 'user', content: 'hi' }], { signal: controller.signal });
  await clock.advance(1_000);
  controller.abort();
  await expect(answer).rejects.toThrow();
  await clock.settle();
  await manager.close({ force: true });
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
});
