import { describe, expect, it } from 'vitest';
import { CallFailures } from '../../src/providers/http/call-failures.ts';
import { judgeReply } from '../../src/providers/http/judge-reply.ts';
import { Secret } from '../../src/providers/http/secret.ts';
import { httpReply } from '../../src/providers/http-reply.ts';
import { readerFor } from '../../src/providers/streams/reader-for.ts';
import { StreamDecoder } from '../../src/providers/streams/stream-decoder.ts';

const QUOTA = { error: { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' } };
const WORDS = ['a', 'quota', 'test', 'message', 'insufficient_quota', 'completion', 'assistant', 'retry-after', '1735689600'];

describe('a key that is a word', () => {
  it.each(WORDS)('changes nothing of what an error means: %s', (key) => {
    const { verdict, reply } = judgeReply(httpReply(429, { 'retry-after': '1735689600' }, JSON.stringify(QUOTA)), new Secret(key), 0);

    expect(verdict).toMatchObject({ kind: 'final', scope: 'account' });
    expect(reply.json).toMatchObject({ error: { message: expect.any(String) } });
    expect(reply.headers).toHaveProperty('retry-after');
  });

  it.each(WORDS)('changes nothing of what an error in a stream means: %s', (key) => {
    const decoder = new StreamDecoder({
      reader: readerFor('openai-chat'),
      secret: new Secret(key),
      maxEventBytes: 10_000,
      withoutUsageChunk: false,
    });
    const fault = decoder.push(Buffer.from(`data: ${JSON.stringify(QUOTA)}\n\n`))?.fault;
    if (!fault || !('reported' in fault)) throw new Error('The error was not seen.');
    const error = new CallFailures('one', new Secret(key)).ofStreamError(fault.reported, { status: 200, headers: {} }, 0);

    expect(error).toMatchObject({ retryable: false, scope: 'account' });
  });

  it.each(WORDS)('leaves an answer its form: %s', (key) => {
    const json = { created: 1_735_689_600, message: 1, completion: { id: 'x' }, assistant: ['a', 'test'] };
    expect(judgeReply(httpReply(200, {}, JSON.stringify(json)), new Secret(key), 0).reply.json).toEqual(json);
  });
});

describe('what is said', () => {
  const shown = (key: string, text: string): string => new Secret(key).censored(text);

  it.each([
    ['is whole', 'pass-w0rd', '{"message":"Wrong: pass-w0rd."}', '{"message":"Wrong: [key]."}'],
    ['is part of a word', 'exceed', '{"message":"You exceeded it, exceed"}', '{"message":"You exceeded it, [key]"}'],
    ['is the name of a field', 'message', '{"message" : "a message"}', '{"message" : "a [key]"}'],
    [
      'comes after an escape',
      'pass-w0rd',
      String.raw`{"m":"a\npass-w0rd\u0020pass-w0rd %20pass-w0rd"}`,
      String.raw`{"m":"a\n[key]\u0020[key] %20[key]"}`,
    ],
    ['is long, inside of anything', 'sk-very-secret-key', 'xsk-very-secret-keyx', 'x[key]x'],
    ['has signs in it', 'a.b+c(d)$', 'a.b+c(d)$ axb+c(d)$', '[key] axb+c(d)$'],
    ['is short', 'quota', 'the quota is used', 'the quota is used'],
    ['stands for none', 'ollama', 'ollama pull', 'ollama pull'],
  ])('has a key taken out that %s', (_, key, text, expected) => {
    expect(shown(key, text)).toBe(expected);
  });

  it('has no key in the comments of a stream', () => {
    const secret = new Secret('pass-w0rd');
    const decoder = new StreamDecoder({ reader: readerFor('openai-chat'), secret, maxEventBytes: 10_000, withoutUsageChunk: false });
    const decoded = decoder.push(Buffer.from(': hello pass-w0rd\n\n'));

    expect(Buffer.from(decoded?.part.raw ?? []).toString()).toBe(': hello [key]\n\n');
  });

  it('has no half of a key at its end, where it was cut', () => {
    const key = 'sk-very-secret-key-0123456789';
    const text = JSON.stringify({ error: { message: `${'x'.repeat(490)} ${key}` } });
    const { verdict } = judgeReply(httpReply(500, {}, text), new Secret(key), 0);

    expect(JSON.stringify(verdict)).not.toContain('sk-very');
  });
});
