import { expect, it } from 'vitest';
import { gatewayWorld } from './gateway-world.ts';

/** So slowly that something was said before it broke. */
const BREAKING = {
  script: () => ({ fault: 'errorInBody' as const, outputTokens: 50 }),
  latency: { ttft: { baseMs: 1, spikeChance: 0, tokensPerSecond: { min: 500, max: 500 } } },
};
const MESSAGES = [{ role: 'user', content: 'Hi' }];

it.each([
  ['/v1/chat/completions', 'gpt', { messages: MESSAGES }],
  ['/v1/chat/completions', 'claude', { messages: MESSAGES }],
  ['/v1/messages', 'gpt', { messages: MESSAGES, max_tokens: 99 }],
  ['/v1/messages', 'claude', { messages: MESSAGES, max_tokens: 99 }],
])('says once at %s that %s broke its stream off', async (path, model, asked) => {
  const { url } = await gatewayWorld({ openai: BREAKING, anthropic: BREAKING });

  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, ...asked }),
  });

  const events = (await response.text()).split('\n\n').filter((event) => event.includes('"error"'));
  expect(response.status).toBe(200);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatch(path === '/v1/messages' ? /^event: error\ndata: \{"type":"error","error":\{/ : /^data: \{"error":\{/);
});
