import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import OpenAI6 from 'openai6';
import { describe, expect, it } from 'vitest';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { gatewayWorld } from './gateway-world.ts';
import { statusOf } from './sdk-clients.ts';

type Ask = (url: string, headers?: Record<string, string>) => Promise<unknown>;

const CALL = { model: 'gpt', max_tokens: 5, messages: [{ role: 'user' as const, content: 'Hello' }] };

/** With the retries that they have by default. */
const SDKS: Readonly<Record<string, Ask>> = {
  'openai 7': (url, defaultHeaders) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', defaultHeaders }).chat.completions.create(CALL),
  'openai 6': (url, defaultHeaders) => new OpenAI6({ baseURL: `${url}/v1`, apiKey: 'none', defaultHeaders }).chat.completions.create(CALL),
  '@anthropic-ai/sdk 1': (url, defaultHeaders) => new Anthropic({ baseURL: url, apiKey: 'none', defaultHeaders }).messages.create(CALL),
};

/** How many requests came in, answered or not. */
function requestsTo(gateway: Gateway): () => number {
  let count = 0;
  gateway.app.server.on('request', () => count++);
  return () => count;
}

describe.each(Object.entries(SDKS))('%s', (_, ask) => {
  it('does not ask again after its deadline has passed', async () => {
    const { url, gateway } = await gatewayWorld({ model: { rateLimiters: [{ type: 'rpm', limit: 1 }] } });
    await ask(url);
    const requests = requestsTo(gateway);
    const error: unknown = await ask(url, { 'x-headgate-timeout': '0.2' }).catch((thrown: unknown) => thrown);
    expect(statusOf(error)).toBe(504);
    expect(requests()).toBe(1);
  });

  it('comes back when a full queue says so, and gets in then', async () => {
    const rateLimiters = [{ type: 'rpm' as const, limit: 1, timePeriod: 1 }];
    const { url, gateway } = await gatewayWorld({ model: { rateLimiters, maxQueueSize: 1 } });
    await ask(url);
    const requests = requestsTo(gateway);
    const queued = ask(url);
    await expect.poll(() => gateway.headgate.queues.queueSize('gpt')).toBe(1);
    const second = ask(url);
    await Promise.all([queued, second]);
    // One that waited, one that was told to come back, once.
    expect(requests()).toBe(3);
  });

  it('does not multiply what was tried already', async () => {
    const { url, gateway, openai } = await gatewayWorld({
      model: { retry: { maxAttempts: 2, baseDelayMs: 1 } },
      openai: { faults: { badGateway: 1 } },
    });
    const requests = requestsTo(gateway);
    const error: unknown = await ask(url).catch((thrown: unknown) => thrown);
    expect(statusOf(error)).toBe(502);
    expect(requests()).toBe(1);
    expect(openai.provider.stats().accepted).toBe(2);
  });
});
