import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventScanner } from '../../src/providers/sse/event-scanner.ts';
import { NO_EVENT, parseEvent } from '../../src/providers/sse/parse-event.ts';

/** Cuts bytes at the given places, which may be anywhere and in any order. */
function chunks(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, at) => bytes.subarray(places[at - 1] ?? 0, end));
}

function scanned(bytes: Buffer, cuts: readonly number[]): { blocks: string[]; rest: string } {
  const scanner = new EventScanner(1_000_000);
  const blocks: string[] = [];
  for (const chunk of chunks(bytes, cuts)) {
    const found = scanner.push(chunk);
    let start = 0;
    for (const end of found?.ends ?? []) {
      blocks.push(found?.bytes.toString('utf8', start, end) ?? '');
      start = end;
    }
    expect(start).toBe(found?.bytes.length ?? 0);
  }
  return { blocks, rest: scanner.end()?.toString() ?? '' };
}

function events(blocks: readonly string[]): unknown[] {
  return blocks.map(parseEvent).filter((event) => event !== undefined);
}

/** What the parser of everybody else makes of it. */
function expectedEvents(text: string): unknown[] {
  const found: unknown[] = [];
  const parser = createParser({ onEvent: ({ event, data }) => found.push(event ? { event, data } : { data }) });
  parser.feed(text);
  return found;
}

const word = fc.string({ unit: fc.constantFrom('a', 'ü', '😀', '{', '"', ':', ' ', '日') });
const line = fc.oneof(
  { weight: 4, arbitrary: word.map((text) => `data: ${text}`) },
  word.map((text) => `data:${text}`),
  word.map((text) => `: ${text}`),
  fc.constantFrom('event: message_start', 'event:ping', 'id: 7', 'retry: 100', 'data', 'event'),
);
const block = fc
  .tuple(fc.array(line, { maxLength: 4 }), fc.constantFrom('\n', '\r\n', '\r'))
  .map(([lines, end]) => [...lines, ''].map((one) => one + end).join(''));
const stream = fc.array(block, { maxLength: 8 }).map((blocks) => Buffer.from(blocks.join('')));
const cuts = fc.array(fc.nat(10_000), { maxLength: 12 });

describe('server-sent events', () => {
  it('are the same whatever the network cuts the bytes into, and no byte is lost', () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, places) => {
        const { blocks, rest } = scanned(bytes, places);
        expect(blocks.join('') + rest).toBe(bytes.toString());
        expect(events(blocks)).toEqual(events(scanned(bytes, []).blocks));
        const single = [...bytes.keys()];
        expect(events(scanned(bytes, single).blocks)).toEqual(events(blocks));
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('are those that an established parser finds', () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, places) => {
        expect(events(scanned(bytes, places).blocks)).toEqual(expectedEvents(bytes.toString()));
      }),
      { seed: 12, numRuns: 500 },
    );
  });

  it.each([
    ['data: {"a":1}\n\n', { data: '{"a":1}' }],
    ['data:{"a":1}\r\n\r\n', { data: '{"a":1}' }],
    ['event: ping\rdata: {}\r\r', { event: 'ping', data: '{}' }],
    ['data: a\ndata: b\n\n', { data: 'a\nb' }],
    [': comment\n\n', undefined],
    ['event: ping\n\n', undefined],
    ['id: 3\nretry: 5\nx-extra: 1\ndata: a\n\n', { data: 'a' }],
    ['<!DOCTYPE html>\n\n', NO_EVENT],
    ['{"error":{"message":"no"}}\n\n', NO_EVENT],
  ])('reads %j', (text, event) => {
    expect(parseEvent(text)).toEqual(event);
  });

  it('keep at most the largest event that is allowed', () => {
    const scanner = new EventScanner(100);
    expect(scanner.push(Buffer.from(`data: 1\n\ndata: ${'x'.repeat(50)}`))?.ends).toEqual([9]);
    expect(scanner.isOverflowing).toBe(false);
    expect(scanner.push(Buffer.from('y'.repeat(50)))).toBeUndefined();
    expect(scanner.isOverflowing).toBe(true);
  });
});
