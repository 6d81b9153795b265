import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyReply, type Verdict } from '../../src/providers/classify-reply.ts';
import { classifyStreamError } from '../../src/providers/classify-stream-error.ts';
import { httpReply } from '../../src/providers/http-reply.ts';
import { verdictToError } from '../../src/providers/verdict-to-error.ts';
import { holds } from '../lib/property.ts';
import { NOW } from './classify-bodies.ts';

function messageOf(status: number, text: string): string {
  const verdict = classifyReply(httpReply(status, {}, text), NOW);
  return verdict.kind === 'completed' ? '' : verdict.message;
}

describe('an answer that makes no sense', () => {
  it.each([
    ['HTML', '<!doctype html><html><head><title>Just a moment...</title><script>var a = 1 < 2;', 'Just a moment...'],
    ['HTML with comments', '<html><!-- <b>no</b> --><h1>Bad\n gateway</h1></html>', 'Bad gateway'],
    ['a style that never ends', '<style>a{b:c}', 'HTTP 502 without a message'],
    ['control characters', 'a\u0000b\u001b[31mc\r\nd\u2028e', 'a b [31mc d e'],
    ['nothing', '', 'HTTP 502 without a message'],
    ['an error that is a list', '{"error":[1]}', 'The provider reported an error without a message.'],
    ['a message that is an object', '{"error":{"message":{"a":1}}}', 'The provider reported an error without a message.'],
    ['JSON without an error', '{"a":1}', '{"a":1}'],
  ])('as %s, is told in one line', (_name, text, expected) => {
    expect(messageOf(502, text)).toBe(expected);
  });

  it.each([
    ['data: {"choices":[{"delta":{"content":"deep secret"}}]}\n\n', 'an event stream, 57 bytes'],
    ['event: message_start\ndata: {"content":"deep secret"}\n\n', 'an event stream, 54 bytes'],
    ['<!doctype html><title>deep secret</title>', 'a page of HTML, 41 bytes'],
    ['<?xml version="1.0"?><a>deep secret</a>', 'XML, 39 bytes'],
    ['{"choices":[{"message":{"content":"deep secret', 'JSON that is cut off or broken, 46 bytes'],
    ['["deep secret"]', 'a JSON value of another kind, 15 bytes'],
    ['Süß: deep secret', 'plain text, 18 bytes'],
  ])('where the status is a success, is not quoted: %j', (text, shown) => {
    expect(messageOf(200, text)).toBe(`HTTP 200 with a body that is no JSON object: it looks like ${shown}.`);
  });

  it('where the status is a success, may be nothing', () => {
    expect(messageOf(200, '')).toBe('HTTP 200 with a body that is no JSON object: it is empty.');
  });

  it.each([200, 400, 429, 500])('is cut to 500 characters, %s', (status) => {
    const told = JSON.stringify({ error: { message: 'x\n'.repeat(5_000_000) } });
    // A success that is none quotes nothing.
    for (const text of status === 200 ? [told] : [told, `<b>${'x '.repeat(5_000_000)}`]) {
      const message = messageOf(status, text);
      expect(message.length).toBeGreaterThan(400);
      expect(message.length).toBeLessThanOrEqual(500);
      expect(message).not.toContain('\n');
    }
  });

  it('is not looked at for longer than a moment, whatever it repeats', { timeout: 2_000 }, () => {
    const parts = ['<script ', '<!-- ', 'try again in 1', 'retry after 1', 'limit: 0', 'regain access on ', '1h', '(', '<'];
    for (const part of parts) messageOf(429, JSON.stringify({ error: { message: part.repeat(500_000) } }));
    for (const part of parts) expect(messageOf(429, part.repeat(500_000))).not.toBe('');
  });

  it('always has a verdict with a bounded message, whatever the body', () => {
    const status = fc.oneof(fc.integer({ min: 200, max: 599 }), fc.constantFrom(200, 400, 402, 403, 429, 503));
    const headers = fc.dictionary(
      fc.constantFrom('retry-after', 'retry-after-ms', 'date', 'x-ratelimit-reset', 'x-amzn-errortype'),
      fc.string(),
    );
    const names = ['error', 'message', 'code', 'type', 'details', 'metadata', 'status', 'violations', 'choices', 'detail', 'object'];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom(...names), tie('tree')),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }));
    const body = fc.oneof(
      fc.string(),
      tree.map((value) => JSON.stringify(value)),
    );
    return holds(
      fc.property(status, headers, body, (code, head, text) => {
        const reply = httpReply(code, head, text);
        const verdicts = [
          classifyReply(reply, NOW),
          classifyStreamError({ event: 'error', data: text }, { status: 200, headers: head }, NOW),
        ];
        for (const verdict of verdicts) if (verdict && verdict.kind !== 'completed') requireSound(verdict);
      }),
    );
  });
});

function requireSound(verdict: Exclude<Verdict, { kind: 'completed' }>): void {
  expect(verdict.message).toMatch(/^[^\n\r]{1,500}$/);
  expect(verdict.code).not.toBe('');
  const times = [verdict.kind === 'final' ? verdict.untilMs : verdict.retryAfterMs].filter((time) => time !== undefined);
  for (const time of times) expect(Number.isFinite(time) && time >= 0).toBe(true);
  expect(verdictToError(verdict).message).toBe(verdict.message);
}
