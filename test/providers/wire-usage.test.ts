import { describe, expect, it } from 'vitest';
import { laterUsage, reportedUsage, textCharacters, wireUsage } from '../../src/providers/wire-usage.ts';

const NOTHING = { inputCharacters: () => 41, outputCharacters: () => 8 };

describe('usage', () => {
  it.each([
    [
      'openai-chat',
      { prompt_tokens: 9, completion_tokens: 12, prompt_tokens_details: { cached_tokens: 4 } },
      undefined,
      { inputTokens: 9, outputTokens: 12, cachedInputTokens: 4 },
    ],
    [
      'openai-chat',
      { prompt_tokens: 9, completion_tokens: 12, prompt_tokens_details: { cached_tokens: 4 } },
      false,
      { inputTokens: 5, outputTokens: 12, cachedInputTokens: 4, allInputTokens: 9 },
    ],
    [
      'openai-responses',
      { input_tokens: 3, output_tokens: 2, input_tokens_details: { cached_tokens: 0 } },
      undefined,
      { inputTokens: 3, outputTokens: 2, cachedInputTokens: 0 },
    ],
    ['openai-embeddings', { prompt_tokens: 8, total_tokens: 8 }, undefined, { inputTokens: 8, outputTokens: 0 }],
    [
      'anthropic-messages',
      { input_tokens: 25, cache_creation_input_tokens: 5, cache_read_input_tokens: 100, output_tokens: 7 },
      undefined,
      { inputTokens: 30, outputTokens: 7, cachedInputTokens: 100, allInputTokens: 130 },
    ],
    [
      'anthropic-messages',
      { input_tokens: 25, cache_creation_input_tokens: 5, cache_read_input_tokens: 100, output_tokens: 7 },
      true,
      { inputTokens: 130, outputTokens: 7, cachedInputTokens: 100 },
    ],
    ['openai-chat', {}, undefined, { inputTokens: 11, outputTokens: 2, estimated: true }],
    ['openai-chat', { prompt_tokens: -1, completion_tokens: 'many' }, undefined, { inputTokens: 11, outputTokens: 2, estimated: true }],
    ['openai-chat', null, undefined, { inputTokens: 11, outputTokens: 2, estimated: true }],
    ['anthropic-messages', { input_tokens: 5 }, undefined, { inputTokens: 5, outputTokens: 2, estimated: true }],
  ] as const)('of %s, %j (cache reads count: %s) is %j', (format, usage, countsCacheReads, expected) => {
    expect(wireUsage(reportedUsage(usage, format), NOTHING, { format, countsCacheReads })).toEqual(expected);
  });

  it('that comes later replaces field by field what came before', () => {
    expect(laterUsage({ input: 5, output: undefined, cached: 1 }, { input: undefined, output: 9 })).toEqual({
      input: 5,
      output: 9,
      cached: 1,
    });
    expect(laterUsage(undefined, { input: 1, output: 2 })).toEqual({ input: 1, output: 2 });
  });

  it('is estimated from texts, not from pictures', () => {
    const content = [{ type: 'text', text: 'abcd' }, { image_url: { url: `data:image/png;base64,${'A'.repeat(1000)}` } }];
    expect(textCharacters({ messages: [{ content }] })).toBe(8);
    expect(textCharacters({ input: [[1, 2, 3]], dimensions: 5 })).toBe(12);
  });
});
