import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../src/domain/logger.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { RawConnection } from './fuzz/raw-exchange.ts';
import { gatewayWorld } from './gateway-world.ts';

const CALL = { max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] };
const FACES = [
  ['/v1/chat/completions', 'gpt'],
  ['/v1/messages', 'claude'],
  ['/v1/messages', 'gpt'],
  ['/v1/chat/completions', 'claude'],
] as const;

function call(url: string, path: string, body: object): RawConnection {
  const text = JSON.stringify(body);
  const head = `POST ${path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}`;
  return new RawConnection(url).send(`${head}\r\n\r\n${text}`);
}

const infoOf = (gateway: Gateway, model: string) => gateway.headgate.queues.getQueueInfo(model);

describe('a client that leaves', () => {
  it.each(FACES)('while queued at %s for %s frees its place, and nothing is sent', async (path, model) => {
    const complaints: unknown[] = [];
    const logger = { ...silentLogger, warn: (...said: unknown[]) => void complaints.push(said) };
    const oneAMinute = { rateLimiters: [{ type: 'rpm' as const, limit: 1 }] };
    const { url, gateway, openai, anthropic } = await gatewayWorld({ model: oneAMinute, options: { logger } });
    const first = call(url, path, { ...CALL, model });
    await first.until((text) => text.includes('HTTP/1.1 200'));
    const leaving = [1, 2, 3].map(() => call(url, path, { ...CALL, model }));
    await expect.poll(() => infoOf(gateway, model).queueSize).toBe(3);
    leaving[1]?.socket.destroy();
    await expect.poll(() => infoOf(gateway, model).queueSize).toBe(2);
    for (const { socket } of leaving) socket.resetAndDestroy();
    await expect.poll(() => infoOf(gateway, model).queueSize).toBe(0);
    expect(openai.provider.stats().accepted + anthropic.provider.stats().accepted).toBe(1);
    // It is no failure of the gateway's.
    expect(complaints).toEqual([]);
    first.socket.destroy();
  });

  it.each(FACES)('while its stream from %s of %s runs ends the call, pays for it, and gives its slot back', async (path, model) => {
    // Half a minute of tokens, from the first moment on.
    const slow = { latency: { ttft: { baseMs: 10, spikeChance: 0, tokensPerSecond: { min: 15, max: 15 } } } };
    const rateLimiters = [
      { type: 'concurrent' as const, limit: 1 },
      { type: 'tpm' as const, limit: 10_000 },
    ];
    const { url, gateway, openai, anthropic } = await gatewayWorld({ model: { rateLimiters }, openai: slow, anthropic: slow });
    const leaving = call(url, path, { ...CALL, max_tokens: 500, model, stream: true });
    await leaving.until((text) => text.includes('data:'));
    expect(infoOf(gateway, model).processing).toBe(1);
    leaving.socket.destroy();
    await expect.poll(() => openai.provider.stats().aborted + anthropic.provider.stats().aborted).toBe(1);
    await expect.poll(() => infoOf(gateway, model).processing).toBe(0);
    const [slots, tokens] = infoOf(gateway, model).rateLimiters;
    expect(slots?.usage).toBe(0);
    // It has counted at the provider, so it counts here.
    expect(tokens?.usage).toBeGreaterThan(0);
    const next = call(url, path, { ...CALL, model, stream: true });
    await next.until((text) => text.includes('data:'));
    next.socket.destroy();
  });

  it('while its answer is made ends the call as well', async () => {
    const slow = { latency: { headersMs: { min: 20_000, max: 20_000 } } };
    const { url, gateway, openai } = await gatewayWorld({ openai: slow });
    const leaving = call(url, '/v1/chat/completions', { ...CALL, model: 'gpt' });
    await expect.poll(() => openai.provider.stats().accepted).toBe(1);
    leaving.socket.destroy();
    await expect.poll(() => openai.provider.stats().aborted).toBe(1);
    expect(infoOf(gateway, 'gpt').processing).toBe(0);
  });
});

describe('a client that reads slowly', () => {
  /** As much as all buffers between both ends can hold, several times over. */
  const ENDLESS_BYTES = 256 * 1024 * 1024;

  /** A provider that never stops to talk, and who reads nothing of it any more. */
  async function stalled(settings: { readonly writeTimeoutSeconds?: number } = {}) {
    let sent = 0;
    let upstream: ServerResponse | undefined;
    const event = `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: 'x'.repeat(8_000) } }] })}\n\n`;
    const server = createServer((request, response) => {
      request.resume();
      upstream = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const pump = (): void => {
        while (sent < ENDLESS_BYTES && !response.destroyed) {
          sent += event.length;
          if (!response.write(event)) return;
        }
      };
      response.on('drain', pump);
      pump();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const { url, gateway } = await gatewayWorld({
      config: {
        models: { gpt: { deployments: [{ provider: 'openai', baseUrl, apiKey: 'k' }] } },
        gateway: { database: 'sqlite::memory:', ...settings },
      },
    });
    const reader = call(url, '/v1/chat/completions', { ...CALL, model: 'gpt', stream: true });
    await reader.until((text) => text.includes('data:'));
    reader.socket.pause();
    return { gateway, reader, sent: () => sent, upstream: () => upstream };
  }

  it('holds the upstream back: what waits for it is bounded, and goes when it goes', async () => {
    const { gateway, reader, sent, upstream } = await stalled();
    // It has come to a stand once nothing more was written between two looks.
    let before = -1;
    await expect
      .poll(
        () => {
          const stands = sent() === before;
          before = sent();
          return stands;
        },
        { interval: 300, timeout: 20_000 },
      )
      .toBe(true);
    expect(sent()).toBeLessThan(ENDLESS_BYTES / 8);
    reader.socket.destroy();
    await expect.poll(() => upstream()?.destroyed, { timeout: 10_000 }).toBe(true);
    await expect.poll(() => infoOf(gateway, 'gpt').processing).toBe(0);
  });

  it('is cut off once it has taken nothing for too long: its call held a place in the limits', async () => {
    const { gateway, reader, upstream } = await stalled({ writeTimeoutSeconds: 0.5 });
    await expect.poll(() => upstream()?.destroyed, { timeout: 10_000 }).toBe(true);
    await expect.poll(() => infoOf(gateway, 'gpt').processing).toBe(0);
    reader.socket.destroy();
  });
});
