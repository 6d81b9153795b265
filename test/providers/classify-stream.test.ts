import { describe, expect, it } from 'vitest';
import { RateLimitRefused } from '../../src/domain/errors.ts';
import { classifyReply, type Verdict } from '../../src/providers/classify-reply.ts';
import { classifyStreamError, classifyStreamHead } from '../../src/providers/classify-stream-error.ts';
import { httpReply } from '../../src/providers/http-reply.ts';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';
import { verdictToError } from '../../src/providers/verdict-to-error.ts';
import { NOW } from './classify-bodies.ts';

const HEAD = { status: 200, headers: { 'content-type': 'text/event-stream' } };
/** As Azure sent them with a refusal in August 2026. */
const AZURE_HEAD = {
  status: 200,
  headers: { 'retry-after': '4', 'x-ratelimit-remaining-tokens': '-27689', 'x-ratelimit-reset-tokens': '64' },
};
const REFUSED = { kind: 'refused', code: 'rate_limit_exceeded' };

function told(event: string | undefined, data: unknown, head: Parameters<typeof classifyStreamError>[1] = HEAD): Verdict | undefined {
  return classifyStreamError({ event, data: typeof data === 'string' ? data : JSON.stringify(data) }, head, NOW);
}

describe('an error inside a stream', () => {
  it.each([
    [
      'OpenAI chat',
      undefined,
      { error: { message: 'No.', type: 'server_error', code: null } },
      { kind: 'retryable', code: 'server_error' },
    ],
    ['OpenAI chat, named', 'error', { error: { message: 'No.', type: 'tokens', code: 'rate_limit_exceeded' } }, REFUSED],
    ['OpenAI responses', 'error', { type: 'error', code: 'rate_limit_exceeded', message: 'No.', param: null, sequence_number: 3 }, REFUSED],
    [
      'OpenAI responses, failed',
      'response.failed',
      { type: 'response.failed', response: { object: 'response', status: 'failed', error: { code: 'server_error', message: 'No.' } } },
      { kind: 'retryable', code: 'server_error', message: 'No.' },
    ],
    [
      'OpenAI responses, failed without a word',
      'response.failed',
      { type: 'response.failed', response: { status: 'failed', error: null } },
      { kind: 'retryable' },
    ],
    [
      'OpenAI responses, prompt refused',
      'response.failed',
      { type: 'response.failed', response: { error: { code: 'invalid_prompt', message: 'No.' } } },
      { kind: 'final', failOver: false, scope: 'request' },
    ],
    [
      'Anthropic',
      'error',
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      { kind: 'retryable', code: 'overloaded_error', scope: 'deployment' },
    ],
    ['Anthropic, limit', 'error', { type: 'error', error: { type: 'rate_limit_error', message: 'No.' } }, { kind: 'refused' }],
    [
      'Anthropic, request',
      'error',
      { type: 'error', error: { type: 'invalid_request_error', message: 'No.' } },
      { kind: 'final', scope: 'request' },
    ],
    ['Gemini', undefined, { error: { code: 503, message: 'No.', status: 'UNAVAILABLE' } }, { kind: 'retryable', code: 'UNAVAILABLE' }],
    ['Gemini, in an array', undefined, [{ error: { code: 429, message: 'No.', status: 'RESOURCE_EXHAUSTED' } }], { kind: 'refused' }],
    [
      'OpenRouter',
      undefined,
      { id: 'gen', error: { code: 502, message: 'No.' }, choices: [{ delta: { content: '' }, finish_reason: 'error' }] },
      { kind: 'retryable', code: 'http_502' },
    ],
    ['OpenRouter, money', undefined, { error: { code: 402, message: 'No.' }, choices: [] }, { kind: 'final', scope: 'account' }],
    ['vLLM', undefined, { error: { object: 'error', message: 'No.', type: 'BadRequestError', code: 400 } }, { kind: 'final' }],
    ['money', undefined, { error: { message: 'No.', type: 'insufficient_quota' } }, { kind: 'final', scope: 'account' }],
    ['one without a name', undefined, { error: { message: 'boom' } }, { kind: 'retryable', code: 'http_500', message: 'boom' }],
    ['one that is bare text', undefined, { error: 'boom' }, { kind: 'retryable', message: 'boom' }],
    ['one that is no JSON', 'error', 'boom\nbang', { kind: 'retryable', message: 'boom bang' }],
    ['one without data', 'error', '', { kind: 'retryable' }],
  ] as const)('%s', (_name, event, data, expected) => {
    expect(told(event, data)).toMatchObject(expected);
  });

  it.each([
    ['a chunk', undefined, { choices: [{ delta: { content: 'an "error" occurred' } }] }],
    ['a chunk whose error is null', undefined, { error: null, choices: [] }],
    ['the end', undefined, '[DONE]'],
    ['a response that begins', 'response.created', { type: 'response.created', response: { status: 'in_progress', error: null } }],
    [
      'a response that is incomplete',
      'response.incomplete',
      { type: 'response.incomplete', response: { status: 'incomplete', error: null } },
    ],
    ['a ping', 'ping', { type: 'ping' }],
    ["a tool's arguments", 'content_block_delta', { type: 'content_block_delta', delta: { partial_json: '{"error":' } }],
    ['garbage', undefined, '{"error": {'],
  ])('is not %s', (_name, event, data) => {
    expect(told(event, data)).toBeUndefined();
  });

  it("takes Azure's wait from the head, and a refusal for one even where the event has no name", () => {
    const event = { type: 'error', code: 'rate_limit_exceeded', message: 'No.', param: null };
    expect(told('error', event, AZURE_HEAD)).toMatchObject({ ...REFUSED, retryAfterMs: 4000 });
    expect(told('error', { type: 'error', message: 'No.' }, AZURE_HEAD)).toMatchObject({ kind: 'refused', retryAfterMs: 4000 });
  });
});

describe("a stream's head", () => {
  it('is a refusal where it asks to wait', () => {
    expect(classifyStreamHead(AZURE_HEAD, NOW)).toMatchObject({ ...REFUSED, retryAfterMs: 4000 });
  });

  it.each([
    ['without retry-after, whatever is left', { status: 200, headers: { 'x-ratelimit-remaining-tokens': '-27689' } }],
    ['with a retry-after that means nothing', { status: 200, headers: { 'retry-after': 'soon' } }],
    ['of an error, which the body tells', { status: 429, headers: { 'retry-after': '4' } }],
  ])('is none %s', (_name, head) => {
    expect(classifyStreamHead(head, NOW)).toBeUndefined();
  });
});

describe('an error inside a 200', () => {
  it.each([
    ['OpenRouter', { error: { code: 429, message: 'No.' } }, { kind: 'refused', code: 'http_429' }],
    ['OpenRouter, in a choice', { choices: [{ finish_reason: 'error', error: { code: 502, message: 'No.' } }] }, { code: 'http_502' }],
    ['Gemini', [{ error: { code: 429, message: 'No.', status: 'RESOURCE_EXHAUSTED' } }], { kind: 'refused' }],
    [
      'a response that failed',
      { object: 'response', status: 'failed', error: { code: 'server_error', message: 'No.' } },
      { kind: 'retryable' },
    ],
    ['Anthropic', { type: 'error', error: { type: 'overloaded_error', message: 'No.' } }, { kind: 'retryable', code: 'overloaded_error' }],
    ['too large', { error: { message: 'Request too large for m' } }, { kind: 'final', failOver: true, code: 'request_too_large' }],
    ['an empty array', [], { kind: 'retryable', code: 'invalid_response' }],
    ['a number', 7, { kind: 'retryable', code: 'invalid_response', scope: 'deployment' }],
  ])('%s', (_name, body, expected) => {
    expect(classifyReply(httpReply(200, {}, JSON.stringify(body)), NOW)).toMatchObject(expected);
  });

  it.each([
    ['a length', { choices: [{ finish_reason: 'length' }] }],
    ['a filter', { choices: [{ finish_reason: 'content_filter' }] }],
    ['a refusal', { type: 'message', stop_reason: 'refusal' }],
    [
      'an incomplete response',
      { object: 'response', status: 'incomplete', error: null, incomplete_details: { reason: 'max_output_tokens' } },
    ],
  ])('is not one that stopped at %s', (_name, body) => {
    expect(classifyReply(httpReply(200, {}, JSON.stringify(body)), NOW)).toEqual({ kind: 'completed' });
  });
});

describe('what is thrown for a verdict', () => {
  const reply = httpReply(429, {}, '{}');

  it('is a refusal with what was said of it', () => {
    const verdict = {
      kind: 'refused',
      code: 'slow_down',
      message: 'Slow down.',
      retryAfterMs: 5,
      limitType: 'tpm',
      slowDown: true,
    } as const;
    const error = verdictToError(verdict, { deploymentId: 'a', reply });
    expect(error).toBeInstanceOf(RateLimitRefused);
    expect(error).toMatchObject({ code: 'rate_limit_refused', providerCode: 'slow_down', retryAfterMs: 5, limitType: 'tpm' });
    expect(error).toMatchObject({ slowDown: true, capacity: false, deploymentId: 'a', reply, message: "Deployment 'a': Slow down." });
  });

  it('is a failure that another deployment may take', () => {
    const verdict = { kind: 'retryable', code: 'server_error', message: 'No.', scope: 'deployment', retryAfterMs: 7 } as const;
    const error = verdictToError(verdict, { reply });
    expect(error).toBeInstanceOf(ProviderFailure);
    expect(error).toMatchObject({
      code: 'server_error',
      retryable: true,
      failOver: true,
      scope: 'deployment',
      retryAfterMs: 7,
      message: 'No.',
    });
  });

  it('is a failure that stays', () => {
    const verdict = { kind: 'final', code: 'x', message: 'No.', scope: 'account', failOver: true, untilMs: 9 } as const;
    expect(verdictToError(verdict)).toMatchObject({ retryable: false, failOver: true, scope: 'account', untilMs: 9 });
    expect(verdictToError({ ...verdict, scope: 'request', failOver: false })).toMatchObject({ failOver: false, scope: 'request' });
  });
});
