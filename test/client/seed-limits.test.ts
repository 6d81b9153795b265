import { describe, expect, it } from 'vitest';
import { Message } from '../../src/client/llm/message.ts';
import { MessageRole } from '../../src/domain/chat.ts';
import { RateLimitMiddleware } from '../../src/middleware/rate-limit-middleware.ts';
import { anthropicAnswer, keys, type World, world } from './llm-world.ts';

// What system C promises of limits and messages: see C4, C10 and C26 in docs/seeds.md.

const used = (input: number, output: number) => ({
  json: {
    id: 'm',
    model: 'c',
    content: [{ type: 'text', text: 'ok' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: input, output_tokens: output },
  },
});

/** How many of `count` calls that are made together the provider sees at once, and how many when a minute has passed. */
async function seenAtOnce({ manager, calls, clock }: World, count: number, maxTokens: number): Promise<[number, number]> {
  const client = manager.getClient();
  const text = 'x'.repeat(400);
  const all = Promise.allSettled(Array.from({ length: count }, () => client.complete(text, { maxTokens })));
  await clock.advance(1_000);
  const atOnce = calls.length;
  await clock.advance(61_000);
  const afterAMinute = calls.length;
  await manager.close({ force: true });
  await all;
  return [atOnce, afterAMinute];
}

describe('limits of keys', () => {
  // A call of 400 characters and 100 tokens of output is estimated at 100 to 110 and 100 tokens, and uses as much.
  it.each([
    ['requests', { requestsPerMinute: 3 }, 3],
    ['input tokens', { inputTokensPerMinute: 350 }, 3],
    ['output tokens', { outputTokensPerMinute: 350 }, 3],
    ['tokens in total', { totalTokensPerMinute: 450 }, 2],
    ['whatever is tightest', { requestsPerMinute: 5, inputTokensPerMinute: 1_000, outputTokensPerMinute: 250 }, 2],
  ])('each key keeps its limit of %s', async (_, rateLimits, most) => {
    const w = await world(keys(2, { rateLimits }, { acquireTimeout: 600 }));
    w.behave(() => used(105, 100));

    expect(await seenAtOnce(w, 40, 100)).toEqual([2 * most, 2 * 2 * most]);
  });
});

describe('RateLimitMiddleware', () => {
  it('counts what a call really used, less or more than was reserved for it', async () => {
    const w = await world(keys(1, {}, { acquireTimeout: 600 }));
    const client = w.manager.getClient();
    client.middlewareChain.add(new RateLimitMiddleware({ outputTokensPerMinute: 100 }));
    w.behave((_, count) => used(5, count === 1 ? 10 : 120));
    const send = () => client.complete('a', { maxTokens: 90 });

    await w.until(send());
    // 10 of 90 were used: there is room for another one at once.
    const second = send();
    await w.clock.advance(1);
    expect(w.calls).toHaveLength(2);
    await second;
    // 130 of 100 were used: the next waits until both have left the window.
    const third = send();
    await w.clock.advance(59_000);
    expect(w.calls).toHaveLength(2);
    await w.until(third);
    expect(w.calls).toHaveLength(3);
  });
});

describe('a message', () => {
  it('has role, content and metadata, which stays here', async () => {
    const message = new Message(MessageRole.USER, 'How deep?', { ticket: 'internal-7' });
    const w = await world(keys(1));
    w.behave(() => anthropicAnswer());

    await w.until(w.manager.getClient().complete([new Message(MessageRole.ASSISTANT, 'Ask.'), message]));

    expect(message).toMatchObject({ role: 'user', content: 'How deep?', metadata: { ticket: 'internal-7' } });
    expect(w.calls[0]?.body['messages']).toEqual([
      { role: 'assistant', content: 'Ask.' },
      { role: 'user', content: 'How deep?' },
    ]);
    expect(JSON.stringify(w.calls)).not.toContain('internal-7');
  });
});
