import type { ServerResponse } from 'node:http';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createHeadgate } from '../../src/client/create-headgate.ts';
import { RateLimitRefused } from '../../src/domain/errors.ts';
import type { HttpTransport } from '../../src/domain/http-transport.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { createEndpoint } from '../../src/providers/endpoint.ts';
import { OpenAiHttp } from '../../src/providers/openai-http.ts';
import { findPreset } from '../../src/providers/preset-registry.ts';
import { chat, drained, type Handler, type Rig, serve, signpost, stream, whole } from './endpoint-server.ts';

let rig: Rig | undefined;

async function started(handler: Handler): Promise<Rig> {
  rig = await serve(handler);
  return rig;
}

afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const COMPLETION = { choices: [{ message: { role: 'assistant', content: 'Grüße' } }], usage: { prompt_tokens: 9, completion_tokens: 12 } };
const event = (data: object | string): string => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const delta = (content: string): string => event({ choices: [{ index: 0, delta: { content } }] });
const FINISH = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const TEXT = `${delta('Hel')}${delta('lo')}${FINISH}${event('[DONE]')}`;

type Encode = (text: string) => Buffer;

const ENCODINGS: readonly (readonly [string, Encode])[] = [
  ['gzip', (text) => gzipSync(text)],
  ['x-gzip', (text) => gzipSync(text)],
  ['br', (text) => brotliCompressSync(text)],
  ['deflate', (text) => deflateSync(text)],
  ['Deflate', (text) => deflateRawSync(text)],
  ['identity', (text) => Buffer.from(text)],
];

function answering(status: number, type: string, encoding: string, body: Buffer): Handler {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': type, 'content-encoding': encoding, 'content-length': body.length }).end(body);
  };
}

const json = (encoding: string, body: Buffer, status = 200): Handler => answering(status, 'application/json', encoding, body);

describe.each(ENCODINGS)('an answer in %s that nobody asked for', (encoding, encode) => {
  it('is read', async () => {
    const { endpoint } = await started(json(encoding, encode(JSON.stringify(COMPLETION))));

    const { json: read, headers } = whole(await endpoint.send(chat()));

    expect(read).toEqual(COMPLETION);
    if (encoding !== 'identity') expect(Object.keys(headers)).not.toContain('content-encoding');
    if (encoding !== 'identity') expect(Object.keys(headers)).not.toContain('content-length');
  });

  it('is read as a stream', async () => {
    const { endpoint } = await started(answering(200, 'text/event-stream', encoding, encode(TEXT)));

    const answer = stream(await endpoint.send(chat({}, { stream: true, stream_options: { include_usage: true } })));

    expect(await drained(answer.parts)).toMatchObject({ text: TEXT, error: undefined });
    expect(await answer.ended).toMatchObject({ complete: true });
  });

  it('is read where it is a refusal', async () => {
    const body = { error: { message: 'Rate limit reached on requests per min (RPM)', code: 'rate_limit_exceeded' } };
    const { endpoint } = await started(json(encoding, encode(JSON.stringify(body)), 429));

    const error: unknown = await endpoint.send(chat()).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(RateLimitRefused);
    expect(String(error)).toContain('Rate limit reached');
  });
});

describe('a compressed answer', () => {
  it('hands each event of a stream on as it comes', async () => {
    const { reached, reach } = signpost<{ response: ServerResponse; gzip: ReturnType<typeof createGzip> }>();
    const { endpoint } = await started((_request, response) => {
      const gzip = createGzip();
      gzip.pipe(response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }));
      gzip.write(delta('one'));
      gzip.flush(() => reach({ response, gzip }));
    });

    const answer = stream(await endpoint.send(chat({}, { stream: true })));
    const parts = answer.parts[Symbol.asyncIterator]();
    const first = await parts.next();
    const { gzip } = await reached;
    const second = parts.next();
    gzip.write(delta('two'));
    gzip.flush();

    expect(Buffer.from(first.value?.raw ?? []).toString()).toBe(delta('one'));
    expect(Buffer.from((await second).value?.raw ?? []).toString()).toBe(delta('two'));
    gzip.end(FINISH + event('[DONE]'));
    expect(await drained({ [Symbol.asyncIterator]: () => parts })).toMatchObject({ error: undefined });
    expect(await answer.ended).toMatchObject({ complete: true });
  });

  it('waits for a reader that is slow, and loses nothing', async () => {
    const many = Array.from({ length: 4_000 }, (_, index) => delta(`${index} ${'x'.repeat(500)}`)).join('');
    const { endpoint } = await started(answering(200, 'text/event-stream', 'gzip', gzipSync(`${many}${FINISH}${event('[DONE]')}`)));

    const { parts } = stream(await endpoint.send(chat({}, { stream: true })));
    let read = 0;
    for await (const { raw } of parts) {
      read += raw.length;
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(read).toBe(Buffer.byteLength(many + FINISH + event('[DONE]')));
  });

  it('that unfolds without end is given up', async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 0x20));
    const { endpoint } = await started(json('gzip', bomb));

    await expect(endpoint.send(chat())).rejects.toMatchObject({ code: 'response_too_large' });
  });

  it.each([
    ['is none', Buffer.from('{"plain":true}')],
    ['is broken in the middle', Buffer.concat([gzipSync(JSON.stringify(COMPLETION)).subarray(0, 30), Buffer.alloc(40, 7)])],
  ])('that %s is an error that says so', async (_, body) => {
    const { endpoint } = await started(json('gzip', body));

    const error: unknown = await endpoint.send(chat()).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'unreadable_encoding', retryable: true, deploymentId: 'one' });
    expect(String(error)).toMatch(/'one'.*gzip/);
  });

  it('that is cut off is no answer', async () => {
    const { endpoint } = await started(json('gzip', gzipSync(JSON.stringify(COMPLETION)).subarray(0, 40)));

    await expect(endpoint.send(chat())).rejects.toMatchObject({ code: 'invalid_response', retryable: true });
  });

  it('that breaks off is read as far as it came', async () => {
    const { endpoint } = await started((_request, response) => {
      const encoded = gzipSync(TEXT);
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip', 'content-length': 10_000 });
      response.write(encoded, () => response.destroy());
    });

    const { parts } = stream(await endpoint.send(chat({}, { stream: true })));

    expect((await drained(parts)).error).toBeUndefined();
  });

  it('in an encoding that is not known is an error that names it and the way out; its status still counts', async () => {
    let status = 200;
    const { endpoint } = await started((request, response, body) => json('zstd', Buffer.from([1, 2, 3]), status)(request, response, body));

    await expect(endpoint.send(chat())).rejects.toMatchObject({
      code: 'unreadable_encoding',
      message: expect.stringMatching(/'one'.*'zstd'.*turn compression off/),
    });
    await expect(endpoint.send(chat({}, { stream: true }))).rejects.toMatchObject({ code: 'unreadable_encoding' });
    status = 429;
    await expect(endpoint.send(chat())).rejects.toBeInstanceOf(RateLimitRefused);
    status = 503;
    await expect(endpoint.send(chat())).rejects.toMatchObject({ code: 'http_503' });
  });

  it('reaches the caller of fetch() decoded, with no header that says otherwise', async () => {
    const { url } = await started(json('br', brotliCompressSync(JSON.stringify(COMPLETION))));
    const headgate = await createHeadgate({
      models: { m: { deployments: [{ provider: 'openai', baseUrl: url, apiKey: 'k-0123456789' }] } },
    });

    const response = await headgate.fetch()('https://x.test/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [] }),
    });

    expect(await response.json()).toEqual(COMPLETION);
    expect(response.headers.get('content-encoding')).toBeNull();
    await headgate.close();
  });

  it('that a transport has decoded, as fetch does, is not decoded again, whatever its headers say', async () => {
    const answers = [
      ['application/json', JSON.stringify(COMPLETION)],
      ['text/event-stream', TEXT],
    ] as const;
    for (const [type, body] of answers) {
      const transport: HttpTransport = async () => ({
        status: 200,
        headers: { 'content-type': type, 'content-encoding': 'gzip', 'content-length': '7' },
        body: new Blob([body]).stream(),
      });
      const endpoint = createEndpoint(
        { preset: findPreset('openai'), deploymentId: 'one', apiKey: 'k', baseUrl: 'https://x.test/v1', model: 'm' },
        systemClock,
        transport,
      );

      const answer = await endpoint.send(chat({}, { stream: type.includes('stream') }));

      if (answer.kind === 'whole') expect(answer.json).toEqual(COMPLETION);
      else expect(await drained(answer.parts)).toMatchObject({ text: TEXT, error: undefined });
      await endpoint.close();
    }
  });

  it('is read by the batch run too', async () => {
    const { url } = await started(json('gzip', gzipSync(JSON.stringify(COMPLETION))));
    const http = new OpenAiHttp({ baseUrl: url, connections: 1 });

    expect(await http.call({ path: '/chat/completions', body: '{}' })).toMatchObject({ status: 200, json: COMPLETION });
    await http.destroy();
  });
});
