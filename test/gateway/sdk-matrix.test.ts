import { describe, expect, it } from 'vitest';
import { gatewayWorld } from './gateway-world.ts';
import { SDK_NAMES, sdkClient, statusOf } from './sdk-clients.ts';

const MODELS = ['gpt', 'claude'] as const;
/** Some seconds of tokens, from the first moment on. */
const SLOW = { latency: { ttft: { baseMs: 10, spikeChance: 0, tokensPerSecond: { min: 8, max: 8 } } } };

describe.each(SDK_NAMES)('%s', (name) => {
  it.each(MODELS)('asks %s: whole, streamed, with a tool', async (model) => {
    const { url } = await gatewayWorld();
    const client = sdkClient(name, url);
    expect(await client.chat(model)).not.toBe('');
    let streamed = '';
    for await (const text of client.stream(model)) streamed += text;
    expect(streamed).not.toBe('');
    expect(await client.tool(model)).toBe('look_up');
  });

  it.each(MODELS)('ends its stream of %s at the provider too when it leaves', async (model) => {
    const { url, gateway, openai, anthropic } = await gatewayWorld({ openai: SLOW, anthropic: SLOW });
    const left = new AbortController();
    const read = async (): Promise<void> => {
      for await (const text of sdkClient(name, url).stream(model, left.signal)) if (text !== '') left.abort();
    };
    // Some throw the abort, some end.
    await read().catch(() => {});
    await expect.poll(() => openai.provider.stats().aborted + anthropic.provider.stats().aborted).toBe(1);
    await expect.poll(() => gateway.headgate.queues.getQueueInfo(model).processing).toBe(0);
  });

  it('throws its own error for a model that is not there', async () => {
    const { url } = await gatewayWorld();
    const error: unknown = await sdkClient(name, url)
      .chat('nobody')
      .catch((thrown: unknown) => thrown);
    expect(statusOf(error)).toBe(404);
    expect(String(error)).toContain('nobody');
  });
});

describe.each(SDK_NAMES.filter((name) => sdkClient(name, 'http://127.0.0.1').embed !== undefined))('%s', (name) => {
  it('embeds, and hears clearly of a model that has none', async () => {
    const { url } = await gatewayWorld();
    const client = sdkClient(name, url);
    expect(await client.embed?.('gpt')).toBe(2);
    const error: unknown = await client.embed?.('claude').catch((thrown: unknown) => thrown);
    expect(statusOf(error)).toBe(400);
  });
});
