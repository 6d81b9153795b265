import { expect, it } from 'vitest';
import { gatewayWorld } from './gateway-world.ts';

it('a call that is under way when the gateway closes is answered', async () => {
  const { gateway, url, openai } = await gatewayWorld({ openai: { latency: { headersMs: { min: 100, max: 100 } } } });
  const body = JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'hi' }] });
  const answering = fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await expect.poll(() => openai.provider.stats().accepted, { interval: 5 }).toBe(1);
  const closing = gateway.close({ deadlineMs: 5_000 });
  expect((await answering).status).toBe(200);
  await closing;
});
