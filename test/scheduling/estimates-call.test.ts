import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../src/providers/tokenizer.ts';
import { chargeOf, chargesRealUsage } from '../../src/scheduling/estimates/charge-of.ts';
import { estimateCall } from '../../src/scheduling/estimates/estimate-call.ts';
import { costRules } from '../../src/simulator/cost-rules.ts';

const TEXT = 'x'.repeat(400);
const FORMATS = ['openai-chat', 'openai-responses', 'openai-embeddings', 'anthropic-messages'] as const;

describe('estimating a call', () => {
  test('two messages of six tokens are seventeen, as OpenAI counts them', async () => {
    const tokenizer = await loadTokenizer();
    const messages = [
      { role: 'system', content: 'Be very brief' },
      { role: 'user', content: 'Hello there friend' },
    ];
    const content = messages.reduce((sum, { content: text }) => sum + tokenizer(text), 0);
    expect(content).toBe(6);
    expect(estimateCall('openai-chat', { messages }, { tokenizer }).input).toBe(17);
  });

  test('every format counts its own fields', () => {
    const framed = 100 + 4 + 3;
    expect(estimateCall('openai-chat', { messages: [{ role: 'user', content: TEXT }] }).input).toBe(framed);
    expect(estimateCall('openai-chat', { messages: [{ role: 'user', content: [{ type: 'text', text: TEXT }] }] }).input).toBe(framed);
    expect(estimateCall('openai-responses', { input: TEXT }).input).toBe(framed);
    expect(
      estimateCall('openai-responses', { instructions: TEXT, input: [{ role: 'user', content: [{ type: 'input_text', text: TEXT }] }] })
        .input,
    ).toBe(200 + 8 + 3);
    expect(estimateCall('anthropic-messages', { system: TEXT, messages: [{ role: 'user', content: TEXT }] }).input).toBe(200 + 8 + 3);
    expect(estimateCall('openai-embeddings', { input: [TEXT, TEXT] })).toEqual({ input: 200, maxOutput: 0 });
    expect(estimateCall('openai-embeddings', { input: [[1, 2, 3]] }).input).toBe(3);
  });

  test('what assistants and tools said, tools and schemas count', () => {
    const base = estimateCall('openai-chat', { messages: [{ role: 'user' }, { role: 'assistant' }] }).input;
    const called = {
      messages: [{ role: 'user' }, { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'look', arguments: TEXT } }] }],
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
    };
    expect(estimateCall('openai-chat', called).input).toBe(base + Math.ceil(101 + JSON.stringify(called.tools).length / 4));
    const claude = (content: unknown) => estimateCall('anthropic-messages', { messages: [{ role: 'user', content }] }).input;
    expect(claude([{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: TEXT }] }])).toBe(107);
    expect(claude([{ type: 'tool_use', id: 't', name: 'look', input: { query: TEXT } }])).toBe(107 + 4);
    expect(claude([{ type: 'thinking', thinking: TEXT, signature: 's'.repeat(900) }])).toBe(107);
    expect(estimateCall('anthropic-messages', { messages: [], tools: [{ name: 't' }] }).input).toBeGreaterThan(346);
  });

  test('pictures, sound and files are not charged by the characters that encode them', () => {
    const data = 'A'.repeat(200_000);
    const chat = (part: unknown) => estimateCall('openai-chat', { messages: [{ role: 'user', content: [part] }] }).input - 7;
    expect(chat({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } })).toBe(765);
    expect(chat({ type: 'image_url', image_url: { url: 'https://example.org/a.png', detail: 'low' } })).toBe(85);
    expect(chat({ type: 'input_audio', input_audio: { data, format: 'mp3' } })).toBe(100);
    expect(chat({ type: 'file', file: { file_data: data } })).toBe(10_000);
    expect(chat({ type: 'file', file: { file_id: 'file-1' } })).toBe(3_000);
    const claude = (part: unknown) => estimateCall('anthropic-messages', { messages: [{ role: 'user', content: [part] }] }).input - 7;
    expect(claude({ type: 'image', source: { type: 'base64', data } })).toBe(1_600);
    expect(claude({ type: 'document', source: { type: 'text', data: TEXT } })).toBe(100);
  });

  test.each([
    ['openai-chat', { max_tokens: 5 }, 5],
    ['openai-chat', { max_completion_tokens: 7, max_tokens: 5, n: 3 }, 21],
    ['openai-responses', { max_output_tokens: 9, max_tokens: 5 }, 9],
    ['anthropic-messages', { max_tokens: 11, n: 4 }, 11],
    ['openai-chat', { max_tokens: Number.NaN }, undefined],
    ['openai-chat', {}, undefined],
  ] as const)('%s with %j bounds its output at %s', (format, body, maxOutput) => {
    expect(estimateCall(format, body).maxOutput).toBe(maxOutput);
  });

  test('where the provider charges by characters, characters ÷ 4 is the estimate, whatever the tokenizer says', () => {
    const body = { messages: [{ role: 'user', content: `${TEXT}水水水水` }] };
    const tokenizer = () => expect.fail('the tokenizer was asked');
    expect(estimateCall('openai-chat', body, { cost: 'largest-up-front', tokenizer }).input).toBe(101);
    expect(estimateCall('openai-chat', body, { cost: 'sum-up-front', tokenizer }).input).toBe(101);
    expect(estimateCall('openai-responses', { input: 'short' }, { cost: 'metered-output', tokenizer: () => 50 }).input).toBe(57);
  });

  test('no JSON value makes it throw or estimate nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMATS), fc.jsonValue({ maxDepth: 6 }), (format, value) => {
        for (const field of ['messages', 'input', 'system', 'instructions', 'tools', 'max_tokens', 'text']) {
          const { input, maxOutput } = estimateCall(format, { [field]: value });
          expect(input).toBeGreaterThanOrEqual(1);
          expect(maxOutput ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
      { seed: 12, numRuns: 300 },
    );
  });
});

describe('what a call reserves', () => {
  test('input and output add up to what the provider charges up front', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000 }), fc.option(fc.nat({ max: 10_000 }), { nil: undefined }), (input, maxOutput) => {
        const facts = { inputTokens: input, estimatedInputTokens: input, maxOutputTokens: maxOutput, outputTokens: 1 };
        for (const [rule, simulated] of [
          ['largest-up-front', 'openai'],
          ['sum-up-front', 'azure'],
        ] as const) {
          const { inputTokens, outputTokens } = chargeOf(rule, { input, maxOutput, expectedOutput: 77 });
          expect(inputTokens + outputTokens).toBe(costRules[simulated](facts).total);
        }
      }),
      { seed: 5 },
    );
  });

  test('output that is settled later reserves what is expected of it, or its bound', () => {
    const size = { input: 10, maxOutput: 1_000, expectedOutput: 40 };
    expect(chargeOf('metered-output', size)).toEqual({ inputTokens: 10, outputTokens: 40 });
    expect(chargeOf('metered-output', { ...size, maxOutput: 30 })).toEqual({ inputTokens: 10, outputTokens: 30 });
    expect(chargeOf('metered-output', { ...size, maxOutput: undefined })).toEqual({ inputTokens: 10, outputTokens: 40 });
    expect(chargeOf('reserved-then-settled', size)).toEqual({ inputTokens: 10, outputTokens: 1_000 });
    expect(chargeOf('reserved-then-settled', { ...size, maxOutput: undefined })).toEqual({ inputTokens: 10, outputTokens: 40 });
  });

  test('usage corrects estimates only where it is what is charged', () => {
    expect((['largest-up-front', 'sum-up-front', 'metered-output', 'reserved-then-settled'] as const).filter(chargesRealUsage)).toEqual([
      'metered-output',
      'reserved-then-settled',
    ]);
  });
});
