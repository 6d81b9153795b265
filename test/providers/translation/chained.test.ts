import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/chat.ts';
import { chained } from '../../../src/providers/translation/chained.ts';
import { type Translation, Untranslatable } from '../../../src/providers/translation/translation.ts';

/** Wraps bodies, answers and events in its name, and says each event twice. */
function fake(name: string, from: Translation['from'], to: Translation['to']): Translation {
  return {
    from,
    to,
    translate: (body, wallMs, provider) => ({
      body: { [name]: body, wallMs, provider },
      answer: (json) => ({ [name]: json }),
      stream: () => {
        let count = 0;
        return {
          read: ({ data }) => (data === 'nothing' ? [] : [1, 2].map(() => ({ event: name, data: `${name}${count++}(${data})` }))),
          fail: (message) => [{ event: name, data: message }],
        };
      },
    }),
  };
}

const near = fake('near', 'openai-responses', 'openai-chat');
const far = fake('far', 'openai-chat', 'anthropic-messages');
const both = chained(near, far);
const call = both.translate({ input: 'hi' }, 7_000, 'anthropic');

function refusing(error: Error): Translation {
  return {
    ...far,
    translate(): never {
      throw error;
    },
  };
}

describe('two translations in a chain', () => {
  it('leads from the format of the first to that of the second', () => {
    expect([both.from, both.to]).toEqual(['openai-responses', 'anthropic-messages']);
  });

  it('puts the body through the first, then the second', () => {
    const common = { wallMs: 7_000, provider: 'anthropic' };
    expect(call.body).toEqual({ far: { near: { input: 'hi' }, ...common }, ...common });
  });

  it('puts the answer through the second, then the first', () => {
    expect(call.answer('whole')).toEqual({ near: { far: 'whole' } });
  });

  it('puts each event of a stream through the second, then the first', () => {
    const stream = call.stream();
    expect(stream.read({ data: 'nothing' })).toEqual([]);
    const words = stream.read({ data: 'a' }).map(({ data }) => data);
    expect(words).toEqual(['near0(far0(a))', 'near1(far0(a))', 'near2(far1(a))', 'near3(far1(a))']);
    expect(call.stream().read({ data: 'b' })[0]?.data).toBe('near0(far0(b))');
  });

  it('says of a failure what the first says', () => {
    expect(call.stream().fail('broken')).toEqual([{ event: 'near', data: 'broken' }]);
  });

  it('says of what the second refuses that its path is one in between', () => {
    const refused = (): JsonObject => chained(near, refusing(new Untranslatable('messages[0]', 'No.'))).translate({}).body;
    expect(refused).toThrow(
      expect.objectContaining({ name: 'Untranslatable', path: 'messages[0]', message: expect.stringMatching(/^No\. .*openai-chat/) }),
    );
  });

  it('lets other errors through as they are', () => {
    const error = new Error('broken');
    expect(() => chained(near, refusing(error)).translate({})).toThrow(error);
  });

  it('refuses two that do not meet', () => {
    expect(() => chained(near, near)).toThrow("A translation to 'openai-chat' can't be followed by one from 'openai-responses'.");
  });
});
