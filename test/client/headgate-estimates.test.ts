import { describe, expect, it } from 'vitest';
import { createHeadgate } from '../../src/client/create-headgate.ts';
import { SimulatedProvider, simulateHttp } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

/** Words of one token each: characters ÷ 4 is far too high for them. */
const TEXT = ' international responsibility'.repeat(100);

async function reservedFor(estimates: 'characters' | 'tokens'): Promise<number> {
  const clock = new VirtualClock();
  const provider = new SimulatedProvider({ clock, limits: [], dialect: 'anthropic' });
  let reserved = 0;
  const headgate = await createHeadgate(
    {
      models: {
        m: {
          deployments: [
            { id: 'd', provider: 'anthropic', baseUrl: 'http://d.test', apiKey: 'key', rateLimiters: [{ type: 'itpm', limit: 1_000_000 }] },
          ],
        },
      },
    },
    {
      clock,
      estimates,
      transport: async ({ method, path, headers, body, signal, onWritten }) => {
        onWritten();
        reserved = headgate.queues.getQueueInfo('m').deployments[0]?.rateLimiters[0]?.usage ?? 0;
        return simulateHttp(provider, { method, path, headers, signal, ...(body !== undefined && { body }) });
      },
    },
  );
  const body = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: TEXT }] };
  const answer = headgate.dispatch('m', { format: 'anthropic-messages', headers: { 'anthropic-version': '2023-06-01' }, body });
  await clock.advance(1_000);
  await answer;
  await headgate.close();
  return reserved;
}

describe('what a call reserves for its input', () => {
  it('is a quarter of its characters, or its tokens where they are asked for', async () => {
    const framing = 7;
    expect(await reservedFor('characters')).toBe(TEXT.length / 4 + framing);
    expect(await reservedFor('tokens')).toBe(200 + framing);
  });
});
