import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/providers/http/secret.ts';
import type { ServerSentEvent, StreamPart, WireFormatName } from '../../src/providers/provider.ts';
import { charactersIn } from '../../src/providers/streams/json-glance.ts';
import { PartQueue } from '../../src/providers/streams/part-queue.ts';
import { readerFor } from '../../src/providers/streams/reader-for.ts';
import { StreamDecoder } from '../../src/providers/streams/stream-decoder.ts';
import { DONE, data, HELLO, ROLE, STOP, USAGE } from './streams-script.ts';

type Format = Exclude<WireFormatName, 'openai-embeddings'>;

interface Read {
  readonly raw: string;
  readonly events: readonly ServerSentEvent[];
  readonly fault: string | undefined;
  readonly isComplete: boolean;
  readonly usage: unknown;
  readonly characters: number;
}

function read(
  format: Format,
  chunks: readonly Buffer[],
  options: { withoutUsageChunk?: boolean; key?: string; maxEventBytes?: number } = {},
): Read {
  const reader = readerFor(format);
  const { withoutUsageChunk = false, key, maxEventBytes = 1_000_000 } = options;
  const decoder = new StreamDecoder({ reader, secret: new Secret(key), maxEventBytes, withoutUsageChunk });
  const raw: Uint8Array[] = [];
  const events: ServerSentEvent[] = [];
  let fault: string | undefined;
  const take = (decoded: ReturnType<StreamDecoder['push']>): void => {
    if (!decoded) return;
    raw.push(decoded.part.raw);
    events.push(...decoded.part.events);
    if (decoded.fault) fault = 'reported' in decoded.fault ? `reported ${decoded.fault.reported.data}` : decoded.fault.code;
  };
  for (const chunk of chunks) if (fault === undefined) take(decoder.push(chunk));
  if (fault === undefined) take(decoder.end());
  const { isComplete } = decoder;
  // Nothing counts behind a fault, not even the second half of its CRLF.
  const text = Buffer.concat(raw).toString('latin1');
  return {
    raw: fault === undefined ? text : text.trimEnd(),
    events,
    fault,
    isComplete,
    usage: reader.usage,
    characters: reader.characters,
  };
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, at) => bytes.subarray(places[at - 1] ?? 0, end));
}

const said = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '"', '\\', '\n', '[DONE]', '"error"', '"usage":{'), maxLength: 8 });
const CHUNKS: Readonly<Record<Format, fc.Arbitrary<string>>> = {
  'openai-chat': fc.oneof(
    { weight: 5, arbitrary: said.map((content) => data({ choices: [{ delta: { content } }], usage: null })) },
    said.map((text) => data({ choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: text } }] } }] })),
    fc.constantFrom(ROLE, STOP, USAGE, ': comment\n\n', data({ error: { message: 'Oops' } }), 'data: garbage\n\n', DONE),
  ),
  'anthropic-messages': fc.oneof(
    {
      weight: 5,
      arbitrary: said.map((text) => data({ type: 'content_block_delta', delta: { type: 'text_delta', text } }, 'content_block_delta')),
    },
    fc.constantFrom(
      data({ type: 'message_start', message: { usage: { input_tokens: 3, output_tokens: 1 } } }, 'message_start'),
      data({ type: 'message_delta', usage: { output_tokens: 5 } }, 'message_delta'),
      data({ type: 'ping' }, 'ping'),
      data({ type: 'error', error: { type: 'overloaded_error' } }, 'error'),
      data({ type: 'message_stop' }, 'message_stop'),
    ),
  ),
  'openai-responses': fc.oneof(
    { weight: 5, arbitrary: said.map((delta) => data({ type: 'response.output_text.delta', delta }, 'response.output_text.delta')) },
    fc.constantFrom(
      data({ type: 'response.created' }, 'response.created'),
      data({ type: 'response.failed', response: { error: { code: 'server_error' } } }, 'response.failed'),
      data({ type: 'response.completed', response: { usage: { input_tokens: 3, output_tokens: 1 } } }, 'response.completed'),
    ),
  ),
};

describe('a stream of any format', () => {
  it.each(Object.keys(CHUNKS) as Format[])('(%s) is the same whatever the network cuts it into', (format) => {
    const text = fc.tuple(fc.array(CHUNKS[format], { maxLength: 8 }), fc.constantFrom('\n', '\r\n', '\r'), fc.boolean());
    fc.assert(
      fc.property(text, fc.array(fc.nat(5000), { maxLength: 10 }), ([parts, lineEnd, withoutUsageChunk], cuts) => {
        const bytes = Buffer.from(parts.join('').replaceAll('\n', lineEnd));
        const options = { withoutUsageChunk, key: '"content":"a' };
        const whole = read(format, [bytes], options);
        expect(read(format, cutAt(bytes, cuts), options)).toEqual(whole);
        expect(read(format, cutAt(bytes, [...bytes.keys()]), options)).toEqual(whole);
      }),
      { seed: 21, numRuns: 150 },
    );
  });

  it('loses exactly the usage chunk, also where its line ends are cut in two', () => {
    fc.assert(
      fc.property(fc.array(CHUNKS['openai-chat'], { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), (parts, lineEnd) => {
        const good = parts.filter((part) => !part.includes('"error":{"message":"Oops"}') && !part.includes('garbage'));
        const bytes = (some: readonly string[]): Buffer => Buffer.from(some.join('').replaceAll('\n', lineEnd));
        const result = read('openai-chat', cutAt(bytes(good), [...bytes(good).keys()]), { withoutUsageChunk: true });
        expect(result.raw).toBe(bytes(good.filter((part) => part !== USAGE)).toString('latin1'));
        expect(result.fault).toBeUndefined();
      }),
      { seed: 22, numRuns: 150 },
    );
  });

  it('starts with a byte order mark, or not', () => {
    expect(read('openai-chat', [Buffer.from(`\uFEFF${HELLO}${DONE}`)])).toMatchObject({
      isComplete: true,
      events: [{}, { data: '[DONE]' }],
    });
  });

  it('has no event larger than the bound, in one chunk or in many', () => {
    const large = Buffer.from(HELLO + data({ choices: [{ delta: { content: 'x'.repeat(500) } }] }));
    const options = { maxEventBytes: 300 };
    expect(read('openai-chat', [large], options)).toMatchObject({ fault: 'event_too_large', raw: HELLO.trimEnd() });
    expect(read('openai-chat', cutAt(large, [...large.keys()]), options)).toMatchObject({ fault: 'event_too_large', raw: HELLO.trimEnd() });
  });
});

describe('what an event is to us', () => {
  const kinds: readonly (readonly [Format, boolean, ServerSentEvent, string])[] = [
    ['openai-chat', true, { data: '{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}' }, 'silent'],
    ['openai-chat', true, { data: '{"choices":[],"prompt_filter_results":[]}' }, 'silent'],
    ['openai-chat', true, { data: '{"choices":[{"delta":{"content":"x"}}]}' }, 'content'],
    ['openai-chat', true, { data: '{"choices":[{"delta":{"reasoning_content":"x"}}]}' }, 'content'],
    ['openai-chat', true, { data: '{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}' }, 'content'],
    ['openai-chat', true, { data: '{"choices":[{"delta":{"tool_calls":[],"content":null}}]}' }, 'silent'],
    ['openai-chat', true, { data: '{"choices":[{"delta":{},"finish_reason":"length"}]}' }, 'content'],
    ['openai-chat', false, { data: '{"choices":[{"delta":{"content":"\\"error\\": x"}}]}' }, 'content'],
    ['openai-chat', false, { data: '{"choices":[{"delta":{"content":"error"}}]}' }, 'content'],
    ['openai-chat', false, { data: '{"choices": [], "usage": {"prompt_tokens": 1}}' }, 'usage'],
    ['openai-chat', false, { data: '{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}' }, 'content'],
    ['openai-chat', false, { data: '{"error":{"code":502},"choices":[{"finish_reason":"error"}]}' }, 'error'],
    ['openai-chat', false, { data: '{"error":null,"choices":[{"delta":{"content":"x"}}]}' }, 'content'],
    ['openai-chat', false, { event: 'error', data: '{"message":"x","error":"y"}' }, 'error'],
    ['openai-chat', false, { data: '[DONE]' }, 'terminal'],
    ['openai-chat', false, { data: '{"choices":' }, 'garbage'],
    ['openai-chat', false, { event: 'heartbeat', data: 'ok' }, 'silent'],
    ['anthropic-messages', true, { event: 'ping', data: '{"type": "ping"}' }, 'silent'],
    ['anthropic-messages', true, { event: 'content_block_start', data: '{"content_block":{"type":"tool_use","name":"f"}}' }, 'content'],
    ['anthropic-messages', true, { event: 'content_block_start', data: '{"content_block":{"type":"thinking","thinking":""}}' }, 'silent'],
    ['anthropic-messages', true, { data: '{"type":"message_stop"}' }, 'terminal'],
    ['anthropic-messages', true, { event: 'content_block_delta', data: '{"delta"' }, 'garbage'],
    ['anthropic-messages', true, { data: 'nonsense' }, 'garbage'],
    ['anthropic-messages', false, { event: 'something_new', data: 'whatever' }, 'silent'],
    ['anthropic-messages', false, { event: 'error', data: '{"type":"error"}' }, 'error'],
    ['openai-responses', true, { event: 'response.queued', data: '{}' }, 'silent'],
    ['openai-responses', true, { event: 'response.output_item.added', data: '{"item":{}}' }, 'silent'],
    ['openai-responses', true, { event: 'response.web_search_call.searching', data: '{}' }, 'content'],
    ['openai-responses', true, { data: '{"type":"response.output_text.delta","delta":"x"}' }, 'content'],
    ['openai-responses', false, { event: 'response.incomplete', data: '{"response":{}}' }, 'terminal'],
    ['openai-responses', false, { event: 'response.failed', data: '{"response":{"error":{"code":"server_error"}}}' }, 'error'],
    ['openai-responses', false, { event: 'response.completed', data: '{"response"}' }, 'garbage'],
  ];

  it.each(kinds)('%s, first %s: %j is %s', (format, isFirst, event, kind) => {
    expect(readerFor(format).read(event, isFirst)).toBe(kind);
  });

  it('counts the characters that a model says, whatever it says', () => {
    const count = (format: Format, ...events: readonly ServerSentEvent[]): number => {
      const reader = readerFor(format);
      for (const [at, event] of events.entries()) reader.read(event, at === 0);
      return reader.characters;
    };
    expect(
      count(
        'openai-chat',
        { data: '{"choices":[{"delta":{"content":"abc"}}]}' },
        { data: '{"choices": [{"delta": {"content": "a\\"c"}}]}' },
      ),
    ).toBe(7);
    expect(count('openai-chat', { data: '{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}' })).toBe(2);
    expect(
      count('anthropic-messages', { event: 'content_block_delta', data: '{"delta":{"type":"input_json_delta","partial_json":"{1"}}' }),
    ).toBe(2);
    expect(count('openai-responses', { event: 'response.output_text.delta', data: '{"delta":"xyz"}' })).toBe(3);
  });
});

describe('a glance at JSON', () => {
  it('finds as many characters as parsing does', () => {
    const value = fc.dictionary(
      fc.constantFrom('content', 'text', 'x'),
      fc.oneof(said, fc.constant(null), fc.constant({}), fc.constant(7)),
    );
    fc.assert(
      fc.property(value, fc.constantFrom(0, 2), (fields, indent) => {
        const json = JSON.stringify(fields, undefined, indent);
        const texts = [fields['content'], fields['text']].filter((one) => typeof one === 'string');
        const expected = texts.reduce((sum, text) => sum + JSON.stringify(text).length - 2, 0);
        expect(charactersIn(json, /"(?:content|text)"\s*:\s*"/g)).toBe(expected);
      }),
      { seed: 23, numRuns: 500 },
    );
  });
});

describe('parts on their way to a reader', () => {
  const part = (bytes: number): StreamPart => ({ raw: new Uint8Array(bytes), events: [] });

  function queue(): { readonly parts: PartQueue; readonly seen: string[] } {
    const seen: string[] = [];
    const tell = (what: string) => (): number => seen.push(what);
    const parts = new PartQueue({
      onWaiting: tell('waiting'),
      onFull: tell('full'),
      onDrained: tell('drained'),
      onOver: (hasLeft) => seen.push(hasLeft ? 'left' : 'over'),
    });
    return { parts, seen };
  }

  it('stop the network above 64 KiB and start it again when little is left', async () => {
    const { parts, seen } = queue();
    parts.push(part(60_000));
    expect(seen).toEqual([]);
    parts.push(part(10_000));
    parts.push(part(10_000));
    expect(seen).toEqual(['full']);
    await parts.next();
    expect(seen).toEqual(['full']);
    await parts.next();
    expect(seen).toEqual(['full', 'drained']);
  });

  it('go straight to a reader that waits, in order, also to several reads at once', async () => {
    const { parts, seen } = queue();
    const reads = [parts.next(), parts.next(), parts.next()];
    parts.push(part(1));
    parts.push(part(2));
    parts.finish();
    expect((await Promise.all(reads)).map(({ value }) => value?.raw.length)).toEqual([1, 2, undefined]);
    expect(seen).toEqual(['waiting', 'waiting', 'waiting', 'over']);
  });

  it('come before an error, which is thrown once', async () => {
    const { parts } = queue();
    parts.push(part(1));
    parts.finish(new Error('broken'));
    expect((await parts.next()).value?.raw.length).toBe(1);
    await expect(parts.next()).rejects.toThrow('broken');
    expect(await parts.next()).toEqual({ done: true, value: undefined });
  });

  it('are dropped when the reader leaves', async () => {
    const { parts, seen } = queue();
    parts.push(part(1));
    expect(await parts.return()).toEqual({ done: true, value: undefined });
    expect(await parts.next()).toEqual({ done: true, value: undefined });
    expect(seen).toEqual(['left']);
  });
});
