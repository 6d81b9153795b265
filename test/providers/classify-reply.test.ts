import { describe, expect, it } from 'vitest';
import { classifyReply } from '../../src/providers/classify-reply.ts';
import { httpReply } from '../../src/providers/http-reply.ts';

const NOW = Date.parse('2025-06-01T12:00:00Z');

function verdict(status: number, body: unknown, headers: Record<string, string> = {}) {
  return classifyReply(httpReply(status, headers, typeof body === 'string' ? body : JSON.stringify(body)), NOW);
}

function error(message: string, type: string | null = null, code: string | number | null = null): unknown {
  return { error: { message, type, param: null, code } };
}

const TPM =
  'Rate limit reached for m in organization o on tokens per min (TPM): Limit 200000, Used 195869, Requested 4412. Please try again in 84ms.';
const COMPLETION = { object: 'chat.completion', choices: [], usage: { prompt_tokens: 9, completion_tokens: 12 } };

describe('an answer of an OpenAI-compatible endpoint', () => {
  const table: readonly (readonly [name: string, status: number, body: unknown, headers: Record<string, string>, expected: object])[] = [
    ['200', 200, COMPLETION, {}, { kind: 'completed' }],
    ['200 with error: null', 200, { ...COMPLETION, error: null }, {}, { kind: 'completed' }],
    ['200 that stopped at its length', 200, { choices: [{ finish_reason: 'length' }] }, {}, { kind: 'completed' }],
    ['200 with a 502 inside', 200, error('Upstream died', null, 502), {}, { kind: 'retryable', code: 'http_502' }],
    ['200 with a 429 inside', 200, error(TPM, null, 429), {}, { kind: 'refused', retryAfterMs: 84, limitType: 'tpm' }],
    [
      '200 with a refusal inside',
      200,
      error('Slow', 'tokens', 'rate_limit_exceeded'),
      { 'retry-after': '4' },
      { kind: 'refused', retryAfterMs: 4000 },
    ],
    ['200 with a server error inside', 200, error('Oops', 'server_error'), {}, { kind: 'retryable', code: 'server_error' }],
    [
      '200 with a bad request inside',
      200,
      error('Bad', 'invalid_request_error', 'bad'),
      {},
      { kind: 'final', code: 'bad', scope: 'request' },
    ],
    ['200 with HTML', 200, '<html><body>Just a moment</body></html>', {}, { kind: 'retryable', code: 'invalid_response' }],
    ['200 cut off', 200, '{"choices":[{"mess', {}, { kind: 'retryable', code: 'invalid_response' }],
    [
      '400',
      400,
      error('Too long', 'invalid_request_error', 'context_length_exceeded'),
      {},
      { kind: 'final', code: 'context_length_exceeded', scope: 'request' },
    ],
    ['400 without JSON', 400, 'nope', {}, { kind: 'final', code: 'http_400', message: 'nope' }],
    [
      '401',
      401,
      error('Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'),
      {},
      { kind: 'final', code: 'invalid_api_key', scope: 'account' },
    ],
    ['402 for money', 402, error('Pay', 'insufficient_quota'), {}, { kind: 'final', scope: 'account' }],
    ['403', 403, error('Not in your region', 'permission_error'), {}, { kind: 'final', code: 'permission_error', scope: 'account' }],
    [
      '404',
      404,
      error('No such model', 'invalid_request_error', 'model_not_found'),
      {},
      { kind: 'final', code: 'model_not_found', scope: 'request' },
    ],
    ['408', 408, '', {}, { kind: 'retryable', code: 'http_408' }],
    ['409', 409, error('Conflict', 'conflict_error'), {}, { kind: 'retryable', code: 'conflict_error' }],
    [
      '413 from the edge',
      413,
      '<h1>Request Entity Too Large</h1>',
      {},
      { kind: 'final', code: 'http_413', message: 'Request Entity Too Large' },
    ],
    ['422', 422, { detail: [] }, {}, { kind: 'final', code: 'http_422' }],
    ['429 on tokens', 429, error(TPM, 'tokens', 'rate_limit_exceeded'), {}, { kind: 'refused', retryAfterMs: 84, limitType: 'tpm' }],
    [
      '429, header before text',
      429,
      error(TPM, 'tokens', 'rate_limit_exceeded'),
      { 'retry-after-ms': '91', 'retry-after': '1' },
      { kind: 'refused', retryAfterMs: 91 },
    ],
    ['429, seconds', 429, error('Slow', 'requests'), { 'retry-after': '2' }, { kind: 'refused', retryAfterMs: 2000, limitType: 'rpm' }],
    [
      '429, date',
      429,
      error('Slow'),
      { 'retry-after': 'Sun, 01 Jun 2025 12:00:03 GMT' },
      { kind: 'refused', retryAfterMs: 3000, limitType: undefined },
    ],
    ['429, date gone by', 429, error('Slow'), { 'retry-after': 'Sun, 01 Jun 2025 11:00:00 GMT' }, { kind: 'refused', retryAfterMs: 0 }],
    [
      '429, minutes',
      429,
      error('… on requests per day (RPD): Limit 1, Used 1, Requested 1. Please try again in 1h6m0.5s. Visit', 'requests'),
      {},
      { kind: 'refused', retryAfterMs: 3_960_500, limitType: 'rpd' },
    ],
    ['429, milliseconds after minutes', 429, error('Please try again in 11m54ms.'), {}, { kind: 'refused', retryAfterMs: 660_054 }],
    [
      '429 of Azure',
      429,
      error('… have exceeded token rate limit. Please retry after 7 seconds.', null, '429'),
      {},
      { kind: 'refused', code: 'http_429', retryAfterMs: 7000 },
    ],
    ['429 without a word', 429, '', {}, { kind: 'refused', retryAfterMs: undefined, limitType: undefined }],
    ['429, nonsense in headers', 429, '', { 'retry-after-ms': 'soon', 'retry-after': '-3x' }, { kind: 'refused', retryAfterMs: undefined }],
    ['429 slow_down', 429, error('Slow down', 'slow_down'), {}, { kind: 'refused', code: 'slow_down' }],
    [
      '429 too large',
      429,
      error('Request too large for m on tokens per min (TPM): Limit 30000, Requested 34307.', 'tokens', 'rate_limit_exceeded'),
      {},
      { kind: 'final', code: 'request_too_large', scope: 'request' },
    ],
    [
      '429 for money',
      429,
      error('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'),
      {},
      { kind: 'final', code: 'insufficient_quota', scope: 'account' },
    ],
    [
      '429, flat envelope',
      429,
      { object: 'error', message: 'Rate limit exceeded', type: 'rate_limited', code: '1300' },
      {},
      { kind: 'refused', message: 'Rate limit exceeded' },
    ],
    ['500', 500, error('Sorry', 'server_error'), {}, { kind: 'retryable', code: 'server_error' }],
    [
      '502 with HTML',
      502,
      '<html><head><style>a{}</style></head><h1>Bad gateway</h1></html>',
      {},
      { kind: 'retryable', code: 'http_502', message: 'Bad gateway' },
    ],
    ['503', 503, error('Overloaded', 'server_error', 'server_is_overloaded'), {}, { kind: 'retryable', code: 'server_is_overloaded' }],
    ['529', 529, '', {}, { kind: 'retryable', code: 'http_529' }],
    ['error that is bare text', 500, { error: 'boom' }, {}, { kind: 'retryable', message: 'boom' }],
    ['redirect', 302, '', {}, { kind: 'final', code: 'http_302' }],
    [
      'redirect to another server',
      308,
      '<h1>Permanent Redirect</h1>',
      { location: 'https://user:pw@api.other.test/v1/chat/completions?token=abc#x' },
      {
        kind: 'final',
        failOver: true,
        code: 'http_308',
        message:
          'HTTP 308: it redirects to https://api.other.test, which is not followed with a key. If the API is there, set baseUrl to an address at https://api.other.test.',
      },
    ],
    [
      'redirect to another path',
      307,
      '',
      { location: '/v2/chat?token=abc' },
      { message: expect.stringMatching(/^HTTP 307: it redirects to '\/v2\/chat' on the same server.* set baseUrl to/) },
    ],
    ['redirect to nowhere', 301, 'Moved', { location: 'http://[' }, { kind: 'final', message: 'Moved' }],
  ];

  it.each(table)('%s', (_name, status, body, headers, expected) => {
    expect(verdict(status, body, headers)).toMatchObject(expected);
  });

  it('never passes on a message without end', () => {
    const { message } = verdict(500, error('x'.repeat(100_000))) as { message: string };
    expect(message.length).toBeLessThanOrEqual(500);
  });
});
