import { describe, expect, it } from 'vitest';
import { estimateRequest } from '../../src/cli/batch/estimate-request.ts';

const text = (length: number) => ({ messages: [{ role: 'user', content: 'x'.repeat(length) }] });

describe('what a request reserves', () => {
  it.each([
    ['its output limit where that is larger', { ...text(40), max_tokens: 50 }, 50],
    ['its characters ÷ 4 where that is larger', { ...text(401), max_tokens: 50 }, 101],
    ['its characters alone without an output limit', text(40), 10],
    ['never nothing', { messages: [] }, 1],
    ['the newer name of the output limit', { ...text(4), max_completion_tokens: 9 }, 9],
    ['the texts of parts', { messages: [{ role: 'user', content: [{ type: 'text', text: 'abcdefgh' }] }] }, 2],
    ['inputs of embeddings', { input: ['abcd', 'abcdefgh'] }, 3],
    ['inputs given as tokens', { input: [1, 2, 3] }, 3],
    ['a picture by its size', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x'.repeat(1e6) } }] }] }, 765],
    ['tools', { ...text(0), tools: [{ name: 'abcdefgh' }] }, 6],
    ['instructions and output of the responses API', { instructions: 'abcd', input: 'abcd', max_output_tokens: 1 }, 2],
  ])('on a tokens limit is %s', (_what, body, cost) => {
    const { inputTokens, outputTokens } = estimateRequest(body, ['rpm', 'tpm']);
    expect(inputTokens + outputTokens).toBe(cost);
  });

  it('is input and output each in full where one has a limit of its own', () => {
    expect(estimateRequest({ ...text(400), max_tokens: 50 }, ['itpm', 'otpm'])).toEqual({ inputTokens: 100, outputTokens: 50 });
    expect(estimateRequest({ ...text(400), max_tokens: 50 }, ['itpm'])).toEqual({ inputTokens: 100, outputTokens: 50 });
    expect(estimateRequest(text(400), ['otpm']).outputTokens).toBeGreaterThan(0);
  });
});
