import { describe, expect, it } from 'vitest';
import { HopelessEndpoint } from '../../src/cli/batch/hopeless-endpoint.ts';
import { httpReply } from '../../src/providers/http-reply.ts';
import { networkFailure } from '../../src/providers/network-failure.ts';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';

const endpoint = (hasKey = true) => new HopelessEndpoint({ baseUrl: 'http://x/v1', apiKeyEnv: 'SOME_KEY', hasKey });
const unreachable = networkFailure(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }));
const UNREACHABLE = "Can't reach http://x/v1: connect ECONNREFUSED 127.0.0.1:1. Stopped; what was finished is kept.";
const broken = networkFailure(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));

function final(status: number, scope: 'account' | 'request'): ProviderFailure {
  return new ProviderFailure({ message: 'No.', code: 'c', retryable: false, scope, reply: httpReply(status, {}, '{}') });
}

describe('going on is useless', () => {
  it('when the key is refused, also later', () => {
    const late = endpoint();
    late.replied();
    late.completed();
    expect(late.afterFinal(final(401, 'account'))?.message).toMatch(/refuses the key in SOME_KEY: HTTP 401/);
    expect(endpoint(false).afterFinal(final(401, 'account'))?.message).toMatch(/SOME_KEY is not set/);
    expect(endpoint().afterFinal(final(429, 'account'))?.message).toMatch(/takes no more calls/);
  });

  it('when everything is forbidden, but not when something was allowed', () => {
    const some = endpoint();
    expect(some.afterFinal(final(403, 'account'))?.message).toBe(
      'http://x/v1 refuses the key in SOME_KEY: HTTP 403, c: No. Stopped; what was finished is kept.',
    );
    some.completed();
    expect(some.afterFinal(final(403, 'account'))).toBeUndefined();
  });

  it('never because of one bad request', () => {
    expect(endpoint().afterFinal(final(400, 'request'))).toBeUndefined();
  });

  it('when nobody was ever there: after ten calls, or the third attempt of one', () => {
    const many = endpoint();
    const ends = Array.from({ length: 10 }, () => many.afterSilence(unreachable, 1, 0));
    expect(ends.map((end) => end !== undefined)).toEqual([...Array.from({ length: 9 }, () => false), true]);
    expect(ends[9]?.message).toBe(UNREACHABLE);
    expect(endpoint().afterSilence(unreachable, 3, 0)?.message).toBe(UNREACHABLE);
  });

  it('when nobody has been there for half a minute', () => {
    const gone = endpoint();
    gone.replied();
    for (let i = 0; i < 100; i++) expect(gone.afterSilence(unreachable, 5, 1000 + i)).toBeUndefined();
    expect(gone.afterSilence(unreachable, 1, 32_000)?.message).toBe(UNREACHABLE);
    const back = endpoint();
    back.replied();
    back.afterSilence(unreachable, 1, 0);
    back.replied();
    expect(back.afterSilence(unreachable, 1, 32_000)).toBeUndefined();
  });

  it('never because connections break', () => {
    const shaky = endpoint();
    for (let i = 0; i < 100; i++) expect(shaky.afterSilence(broken, 5, i * 1000)).toBeUndefined();
  });
});
