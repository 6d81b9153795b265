import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventText } from '../../src/watch/event-text.ts';
import { holds } from '../lib/property.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('EventText', () => {
  it('reads the same events wherever the network cuts them', () =>
    holds(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (texts, lineEnd, lengths) => {
          const sent = bytes(
            texts.map((text) => `: beat${lineEnd}event: status${lineEnd}data: ${JSON.stringify(text)}${lineEnd}${lineEnd}`).join(''),
          );
          const reader = new EventText();
          const read: unknown[] = [];
          for (let at = 0; at < sent.length; ) {
            const length = lengths.next().value ?? 1;
            read.push(...reader.push(sent.subarray(at, at + length)));
            at += length;
          }
          expect(read).toEqual(texts.map((text) => ({ event: 'status', data: JSON.stringify(text) })));
        },
      ),
    ));

  it('tells nothing of comments', () => {
    expect(new EventText().push(bytes(': still here\n\n: still here\n\ndata: 1\n\n'))).toEqual([{ data: '1' }]);
  });

  it('throws for what is no event stream', () => {
    expect(() => new EventText().push(bytes('<!doctype html>\n\n'))).toThrow('no event stream');
  });
});
