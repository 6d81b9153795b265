import { afterEach, describe, expect, it } from 'vitest';
import { RateLimitRefused } from '../../src/domain/errors.ts';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';
import { chat, drained, KEY, type Rig, serve, signpost, stream, whole } from './endpoint-server.ts';
import { DONE, data, HELLO, ROLE, type ScriptedAnswer, STOP, stage, USAGE } from './streams-script.ts';

const streamed = { stream: true } as const;
const MESSAGE_START = data(
  {
    type: 'message_start',
    message: { usage: { input_tokens: 25, cache_creation_input_tokens: 5, cache_read_input_tokens: 100, output_tokens: 1 } },
  },
  'message_start',
);

/** What `send` threw; a test that expects a failure must not see an answer. */
function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('There was an answer.');
    },
    (error: unknown) => error,
  );
}

async function failureOf(
  script: (answer: ScriptedAnswer) => void,
  options: Parameters<typeof stage>[1] = {},
  body: object = streamed,
): Promise<unknown> {
  const { endpoint, clock } = stage(script, options);
  const error = await failure(endpoint.send(chat({}, body as Record<string, unknown>)));
  expect(clock.pendingTimers).toBe(0);
  return error;
}

describe('a stream', () => {
  it('is asked for with usage where the caller did not ask, and loses only the chunk that comes of it', async () => {
    const { endpoint, answers, clock } = stage((answer) => answer.send(ROLE, HELLO, STOP, USAGE, DONE).end());
    const answer = stream(await endpoint.send(chat({}, { ...streamed, stream_options: { include_obfuscation: false } })));
    expect(JSON.parse(answers[0]?.request.body ?? '')).toMatchObject({
      model: 'upstream',
      stream_options: { include_obfuscation: false, include_usage: true },
    });
    expect(answers[0]?.request.headers).toMatchObject({ accept: 'text/event-stream', authorization: `Bearer ${KEY}` });
    const { text, data: events, error } = await drained(answer.parts);
    expect(text).toBe(ROLE + HELLO + STOP + DONE);
    expect(events).toHaveLength(4);
    expect(error).toBeUndefined();
    expect(await answer.ended).toEqual({
      complete: true,
      usage: { inputTokens: 7, outputTokens: 3, cachedInputTokens: 2 },
      error: undefined,
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps the usage chunk where the caller asked for it', async () => {
    const { endpoint } = stage((answer) => answer.send(HELLO, USAGE, DONE).end());
    const answer = stream(await endpoint.send(chat({}, { ...streamed, stream_options: { include_usage: true } })));
    expect((await drained(answer.parts)).text).toBe(HELLO + USAGE + DONE);
  });

  it('is held until its first content and then comes with what was held', async () => {
    const { endpoint, answers, clock } = stage((answer) => answer.send(': OPENROUTER PROCESSING\n\n', ROLE));
    let isThere = false;
    const sent = endpoint.send(chat({}, streamed)).finally(() => {
      isThere = true;
    });
    await clock.settle();
    expect(isThere).toBe(false);
    answers[0]?.send(HELLO);
    const first = await stream(await sent)
      .parts[Symbol.asyncIterator]()
      .next();
    expect(Buffer.from(first.value?.raw ?? []).toString()).toBe(`: OPENROUTER PROCESSING\n\n${ROLE}${HELLO}`);
    expect(first.value?.events).toHaveLength(2);
  });

  it('of Anthropic is held over message_start and ping, and its usage leaves cache reads out', async () => {
    const silent =
      MESSAGE_START +
      data({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }, 'content_block_start') +
      data({ type: 'ping' }, 'ping');
    const { endpoint, answers, clock } = stage((answer) => answer.send(silent), { provider: 'anthropic' });
    let isThere = false;
    const sent = endpoint.send(chat({ format: 'anthropic-messages' }, streamed)).finally(() => {
      isThere = true;
    });
    await clock.settle();
    expect(isThere).toBe(false);
    const rest =
      data({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } }, 'content_block_delta') +
      data({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 15 } }, 'message_delta') +
      data({ type: 'message_stop' }, 'message_stop');
    answers[0]?.send(rest).end();
    const answer = stream(await sent);
    expect((await drained(answer.parts)).text).toBe(silent + rest);
    expect(await answer.ended).toEqual({
      complete: true,
      usage: { inputTokens: 30, outputTokens: 15, cachedInputTokens: 100, allInputTokens: 130 },
      error: undefined,
    });
  });

  it('of responses is held over created and in_progress and ends at completed', async () => {
    const silent =
      data({ type: 'response.created', response: {} }, 'response.created') + data({ type: 'response.in_progress' }, 'response.in_progress');
    const delta = data({ type: 'response.output_text.delta', delta: 'Hi' }, 'response.output_text.delta');
    const end = data({ type: 'response.completed', response: { usage: { input_tokens: 4, output_tokens: 2 } } }, 'response.completed');
    const { endpoint } = stage((answer) => answer.send(silent, delta, end).end());
    const answer = stream(await endpoint.send(chat({ format: 'openai-responses' }, streamed)));
    expect((await drained(answer.parts)).text).toBe(silent + delta + end);
    expect(await answer.ended).toMatchObject({ complete: true, usage: { inputTokens: 4, outputTokens: 2 } });
  });

  it('may lack the blank line after its last event, and the content before its end', async () => {
    const { endpoint } = stage((answer) => answer.send(ROLE, 'data: [DONE]').end());
    const answer = stream(await endpoint.send(chat({}, streamed)));
    expect((await drained(answer.parts)).text).toBe(`${ROLE}data: [DONE]`);
    expect((await answer.ended).complete).toBe(true);
  });

  it('may be no stream after all: a whole answer is handed out whole', async () => {
    const json = { choices: [{ message: { content: 'Hi' } }], usage: { prompt_tokens: 1, completion_tokens: 2 } };
    const { endpoint } = stage((answer) => {
      answer.headers = { 'content-type': 'application/json' };
      answer.send(JSON.stringify(json)).end();
    });
    expect(whole(await endpoint.send(chat({}, streamed)))).toMatchObject({ json, usage: { inputTokens: 1, outputTokens: 2 } });
  });

  it('lets events through that nobody knows', async () => {
    const unknown = data('ok', 'heartbeat') + data({ type: 'response.future_thing.progress', x: 1 }, 'response.future_thing.progress');
    const end = data({ type: 'response.incomplete', response: {} }, 'response.incomplete');
    const { endpoint } = stage((answer) => answer.send(unknown, end).end());
    const answer = stream(await endpoint.send(chat({ format: 'openai-responses' }, streamed)));
    expect((await drained(answer.parts)).text).toBe(unknown + end);
    expect(await answer.ended).toMatchObject({ complete: true, usage: { estimated: true } });
  });

  it('has no key in it, whatever the network cuts it into', async () => {
    const quoting = data({ choices: [{ delta: { content: `ü ${KEY}` } }] });
    const bytes = Buffer.from(quoting + DONE);
    const { endpoint } = stage((answer) => answer.send(...[...bytes].map((byte) => Buffer.of(byte))).end());
    const { text, data: events } = await drained(stream(await endpoint.send(chat({}, streamed))).parts);
    expect(text).toBe(quoting.replace(KEY, '[key]') + DONE);
    expect(events[0]).toContain('ü [key]');
  });
});

describe('a stream that fails before its first content', () => {
  it.each([
    ['an error object', data({ error: { message: 'Oops', code: 'server_error' } }), { retryable: true, scope: 'deployment' }],
    ['the end', '', { code: 'stream_incomplete', retryable: true, failOver: true, scope: 'deployment' }],
    ['no JSON', 'data: {"cho\n\n', { code: 'invalid_stream', retryable: true, scope: 'deployment' }],
    ['HTML', '<html>\n\n<body>', { code: 'invalid_stream', retryable: true, scope: 'deployment' }],
    [
      'an error at once behind the first content',
      HELLO + data({ error: { message: 'Oops', code: 502 } }),
      { retryable: true, scope: 'deployment' },
    ],
    ['an event without end', `data: ${'x'.repeat(5_000_000)}`, { code: 'event_too_large', retryable: true }],
    ['comments without end', `: ${'x'.repeat(1000)}\n\n`.repeat(5000), { code: 'invalid_stream', retryable: true }],
    [
      'an error of the choice',
      data({ choices: [{ delta: { content: '' }, finish_reason: 'error' }] }),
      { code: 'stream_error', retryable: true },
    ],
    ['a wrong key', data({ error: { message: 'No', code: 'invalid_api_key' } }), { retryable: false, scope: 'account' }],
  ])('with %s throws what the next deployment can be tried on', async (_what, text, expected) => {
    const error = await failureOf((answer) => answer.send(`${ROLE}${text}`).end());
    expect(error).toBeInstanceOf(ProviderFailure);
    expect(error).toMatchObject({ deploymentId: 'one', ...expected });
    expect(String(error)).toContain("'one'");
  });

  it.each([
    ['OpenAI', 'openai', 'openai-responses', data({ type: 'error', code: 'rate_limit_exceeded', message: 'Wait' }, 'error')],
    [
      'Azure',
      'azure',
      'openai-responses',
      data(
        { type: 'response.failed', response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Wait' } } },
        'response.failed',
      ),
    ],
    ['nothing but its head', 'azure', 'openai-chat', ''],
  ] as const)('with a 200 that is a refusal is refused (%s)', async (_who, provider, format, text) => {
    const { endpoint } = stage(
      (answer) => {
        answer.headers = { 'content-type': 'text/event-stream', 'retry-after': '4' };
        answer.send(text).end();
      },
      { provider },
    );
    const error = await failure(endpoint.send(chat({ format }, streamed)));
    expect(error).toBeInstanceOf(RateLimitRefused);
    expect(error).toMatchObject({ retryAfterMs: 4000 });
  });

  it('with an overloaded Anthropic may be tried elsewhere', async () => {
    const error = data({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'error');
    const { endpoint } = stage((answer) => answer.send(MESSAGE_START, error), { provider: 'anthropic' });
    const thrown = await failure(endpoint.send(chat({ format: 'anthropic-messages' }, streamed)));
    expect(thrown).toMatchObject({ code: 'overloaded_error', retryable: true, scope: 'deployment' });
  });

  it.each([
    [429, 'application/json', '{"error":{"message":"Slow","code":"rate_limit_exceeded"}}', RateLimitRefused],
    [502, 'text/html', '<html>Bad gateway</html>', ProviderFailure],
    [200, 'text/html', '<html>Welcome</html>', ProviderFailure],
  ])('with status %i and %s is the same failure as without a stream', async (status, type, text, kind) => {
    const error = await failureOf((answer) => {
      answer.status = status;
      answer.headers = { 'content-type': type };
      answer.send(text).end();
    });
    expect(error).toBeInstanceOf(kind);
  });

  it('with silence is given up after the first-token timeout, whatever comments come', async () => {
    const { endpoint, answers, clock } = stage((answer) => answer.send(ROLE), { firstTokenTimeoutMs: 5000 });
    const sent = failure(endpoint.send(chat({}, streamed)));
    for (let second = 0; second < 5; second++) {
      answers[0]?.send(': ping\n\n');
      await clock.advance(1000);
    }
    expect(await sent).toMatchObject({ code: 'first_token_timeout', retryable: true, failOver: true, scope: 'deployment' });
    expect(String(await sent)).toContain('5 s');
    expect(answers[0]?.request.signal.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('with a connection that breaks may be tried elsewhere', async () => {
    expect(await failureOf((answer) => answer.send(ROLE).break())).toMatchObject({
      code: 'ECONNRESET',
      retryable: true,
      scope: 'deployment',
    });
  });

  it('because stream_options are unknown is never asked for usage again', async () => {
    const refusal = '{"error":{"message":"Extra inputs are not permitted: stream_options","code":"invalid_request_error"}}';
    const { endpoint, answers } = stage((answer) => {
      if (JSON.parse(answer.request.body ?? '').stream_options === undefined) return void answer.send(HELLO, DONE).end();
      answer.status = 422;
      answer.headers = { 'content-type': 'application/json' };
      answer.send(refusal).end();
    });
    expect(await failure(endpoint.send(chat({}, streamed)))).toMatchObject({
      code: 'stream_options_refused',
      retryable: true,
      scope: 'request',
    });
    expect((await drained(stream(await endpoint.send(chat({}, streamed))).parts)).text).toBe(HELLO + DONE);
    expect(answers).toHaveLength(2);
    const callers = { ...streamed, stream_options: { include_usage: true } };
    expect(await failure(endpoint.send(chat({}, callers)))).toMatchObject({ retryable: false });
  });
});

describe('a stream that breaks after its first content', () => {
  const error = data({ error: { message: 'Oops', code: 'server_error' } });
  it.each([
    ['a broken connection', (answer: ScriptedAnswer) => answer.break(), 'stream_interrupted', ''],
    ['the end', (answer: ScriptedAnswer) => answer.end(), 'stream_incomplete', ''],
    ['an error', (answer: ScriptedAnswer) => answer.send(error), 'stream_error', error],
    ['half an event', (answer: ScriptedAnswer) => answer.send('data: {"choi').end(), 'invalid_stream', ''],
    ['garbage', (answer: ScriptedAnswer) => answer.send('data: \u0000\u0001\n\n'), 'invalid_stream', ''],
    [
      'a line of 10 MB',
      (answer: ScriptedAnswer) => answer.send(...Array.from({ length: 10 }, () => 'x'.repeat(1_000_000))),
      'event_too_large',
      '',
    ],
  ] as const)('by %s delivers what came before, then throws', async (_what, go, code, extra) => {
    const { endpoint, answers, clock } = stage((answer) => answer.send(HELLO));
    const answer = stream(await endpoint.send(chat({}, streamed)));
    const reading = drained(answer.parts);
    await clock.settle();
    if (answers[0]) go(answers[0]);
    const { text, error: thrown } = await reading;
    expect(text).toBe(HELLO + extra);
    expect(thrown).toBeInstanceOf(ProviderFailure);
    expect(thrown).toMatchObject({ code, retryable: false, failOver: false, scope: 'deployment', deploymentId: 'one' });
    const ending = await answer.ended;
    expect(ending).toMatchObject({ complete: false, error: thrown, usage: { outputTokens: 2, estimated: true } });
    expect(ending.usage.inputTokens).toBeGreaterThan(0);
    expect(clock.pendingTimers).toBe(0);
    expect(answers[0]?.hasLeft).toBe(true);
  });

  it('by silence is given up after the idle timeout, which half an event puts off', async () => {
    const { endpoint, answers, clock } = stage((answer) => answer.send(HELLO), { idleTimeoutMs: 10_000 });
    const answer = stream(await endpoint.send(chat({}, streamed)));
    const reading = drained(answer.parts);
    await clock.advance(9000);
    answers[0]?.send('data: {"choices"');
    await clock.advance(9000);
    answers[0]?.send(':[]}\n\n');
    await clock.advance(9000);
    expect(answers[0]?.request.signal.aborted).toBe(false);
    await clock.advance(1000);
    expect((await reading).error).toMatchObject({ code: 'idle_timeout', retryable: false });
    expect(answers[0]?.request.signal.aborted).toBe(true);
  });

  it('is not silent while the reader is at work', async () => {
    const { endpoint, answers, clock } = stage((answer) => answer.send(HELLO), { idleTimeoutMs: 10_000 });
    const parts = stream(await endpoint.send(chat({}, streamed))).parts[Symbol.asyncIterator]();
    await parts.next();
    const awaited = parts.next();
    answers[0]?.send(HELLO);
    await awaited;
    await clock.advance(100_000);
    answers[0]?.send(STOP);
    const second = await parts.next();
    expect(Buffer.from(second.value?.raw ?? []).toString()).toBe(STOP);
    const third = parts.next();
    third.catch(() => {});
    await clock.advance(9999);
    expect(answers[0]?.request.signal.aborted).toBe(false);
    await clock.advance(1);
    await expect(third).rejects.toMatchObject({ code: 'idle_timeout' });
    expect((await parts.next()).done).toBe(true);
  });
});

describe('a stream whose reader leaves', () => {
  it('ends at once, with what it has used so far and without an error', async () => {
    const { endpoint, answers, clock } = stage((answer) => answer.send(HELLO));
    const answer = stream(await endpoint.send(chat({}, streamed)));
    for await (const _part of answer.parts) break;
    expect(answers[0]?.request.signal.aborted).toBe(true);
    expect(await answer.ended).toMatchObject({ complete: false, error: undefined, usage: { estimated: true } });
    expect(clock.pendingTimers).toBe(0);
  });

  it('behind the terminal event keeps the connection: what is left is read away, for a second at most', async () => {
    const { endpoint, answers, clock } = stage((answer) => answer.send(HELLO + DONE));
    const answer = stream(await endpoint.send(chat({}, streamed)));
    for await (const _part of answer.parts) break;
    expect((await answer.ended).complete).toBe(true);
    expect(answers[0]?.request.signal.aborted).toBe(false);
    await clock.advance(999);
    expect(answers[0]?.request.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(answers[0]?.request.signal.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gets the end of a complete stream although the connection stays open', async () => {
    const { endpoint, clock } = stage((answer) => answer.send(HELLO, DONE));
    const answer = stream(await endpoint.send(chat({}, streamed)));
    const reading = drained(answer.parts);
    await clock.advance(1000);
    expect(await reading).toMatchObject({ text: HELLO + DONE, error: undefined });
    expect((await answer.ended).complete).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('by its signal gets the reason, and what lies there is dropped', async () => {
    const { endpoint, answers, clock } = stage((answer) => answer.send(HELLO, HELLO, HELLO));
    const controller = new AbortController();
    const answer = stream(await endpoint.send(chat({ signal: controller.signal }, streamed)));
    await clock.settle();
    controller.abort(new Error('enough'));
    expect(await drained(answer.parts)).toMatchObject({ text: '', error: { message: 'enough' } });
    expect(answers[0]?.request.signal.aborted).toBe(true);
    expect(await answer.ended).toMatchObject({ complete: false, error: { message: 'enough' } });
  });
});

describe('a reader that waits', () => {
  it('gets the reason of its signal at once', async () => {
    const { endpoint, clock } = stage((answer) => answer.send(HELLO));
    const controller = new AbortController();
    const answer = stream(await endpoint.send(chat({ signal: controller.signal }, streamed)));
    const reading = drained(answer.parts);
    await clock.settle();
    controller.abort(new Error('enough'));
    expect(await reading).toMatchObject({ text: HELLO, error: { message: 'enough' } });
    expect((await answer.ended).error).toMatchObject({ message: 'enough' });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a slow reader', () => {
  it('makes the transport wait: no more is read than lies ready', async () => {
    const large = data({ choices: [{ delta: { content: 'x'.repeat(10_000) } }] });
    const { endpoint, answers, clock } = stage((answer) => answer.send(...Array.from({ length: 1000 }, () => large), DONE).end());
    const answer = stream(await endpoint.send(chat({}, streamed)));
    for (let round = 0; round < 20; round++) await clock.settle();
    const asked = answers[0]?.asked ?? 0;
    expect(asked).toBeLessThan(12);
    const { text, error } = await drained(answer.parts);
    expect(error).toBeUndefined();
    expect(text.length).toBe(1000 * large.length + DONE.length);
  });
});

describe('a stream over a socket', () => {
  let rig: Rig | undefined;
  afterEach(async () => {
    await rig?.stop();
  });

  it('arrives byte for byte and leaves a connection that is used again', async () => {
    const sockets = new Set<unknown>();
    rig = await serve((request, response) => {
      sockets.add(request.socket);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const part of [ROLE, HELLO.slice(0, 20), HELLO.slice(20), STOP, USAGE, DONE]) response.write(part);
      response.end();
    });
    for (let call = 0; call < 6; call++) {
      const moments: string[] = [];
      const answer = stream(
        await rig.endpoint.send(chat({}, streamed), { onWritten: () => moments.push('written'), onHeaders: () => moments.push('headers') }),
      );
      expect(moments).toEqual(['written', 'headers']);
      expect((await drained(answer.parts)).text).toBe(ROLE + HELLO + STOP + DONE);
      expect(await answer.ended).toMatchObject({ complete: true, usage: { inputTokens: 7, outputTokens: 3 } });
    }
    // The next call may start while the connection of the one before is still putting its books in order.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  it.each(['leaves the loop', 'aborts'])('is closed at the provider as soon as the reader %s', async (how) => {
    const closed = signpost();
    rig = await serve((request, response) => {
      request.socket.on('close', () => closed.reach());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(HELLO);
    });
    const controller = new AbortController();
    const answer = stream(await rig.endpoint.send(chat({ signal: controller.signal }, streamed)));
    for await (const _part of answer.parts) {
      if (how === 'leaves the loop') break;
      controller.abort();
      break;
    }
    await closed.reached;
  });

  it('is closed at the provider also where its reader leaves while nothing is read', async () => {
    const closed = signpost();
    rig = await serve((request, response) => {
      request.socket.on('close', () => closed.reach());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let piece = 0; piece < 100; piece++) response.write(data({ choices: [{ delta: { content: 'x'.repeat(100_000) } }] }));
    });
    const answer = stream(await rig.endpoint.send(chat({}, streamed)));
    for (let round = 0; round < 50; round++) await new Promise((resolve) => setImmediate(resolve));
    for await (const _part of answer.parts) break;
    await closed.reached;
    expect(await answer.ended).toMatchObject({ complete: false, error: undefined });
  });

  it('that breaks in the middle throws after what was delivered', async () => {
    rig = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(HELLO, () => response.destroy());
    });
    const answer = stream(await rig.endpoint.send(chat({}, streamed)));
    expect(await drained(answer.parts)).toMatchObject({ text: HELLO, error: { code: 'stream_interrupted', retryable: false } });
  });

  it('is not read while its reader waits: of 100 MB only the little that fits into buffers leaves the server', async () => {
    const piece = data({ choices: [{ delta: { content: 'x'.repeat(100_000) } }] });
    const pieces = 1000;
    let written = 0;
    rig = await serve(async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (; written < pieces; written++) if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
      response.end(DONE);
    });
    const answer = stream(await rig.endpoint.send(chat({}, streamed)));
    // Server and client share this event loop: what stands still for so many rounds of it is stuck.
    for (let still = 0, before = -1; still < 200; still = written === before ? still + 1 : 0) {
      before = written;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The kernel's buffers on both sides take a few MB; ours less than one.
    expect(written * piece.length).toBeLessThan(20_000_000);
    let bytes = 0;
    for await (const { raw } of answer.parts) bytes += raw.length;
    expect(bytes).toBe(pieces * piece.length + DONE.length);
    expect(written).toBe(pieces);
  });
});
