import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import {
  FAULT_KINDS,
  type SimulatedHttpAnswer,
  SimulatedNetworkError,
  simulatedFetch,
  simulateHttp,
  startSimulator,
} from '../../src/simulator/index.ts';
import { chat, post, setUp, textOf } from './in-process.ts';

const PATH = '/v1/chat/completions';
const SLOW = { headersMs: { min: 100, max: 100 }, bodyMs: { min: 1000, max: 1000 } };

function ask(more: object = {}): string {
  return JSON.stringify(chat(more));
}

describe('simulateHttp', () => {
  it('gives the bytes that the server sends', async () => {
    const options = { limits: [], countDelayMs: { min: 0, max: 0 } };
    const simulator = await startSimulator(options);
    const { provider } = setUp();
    for (const body of [
      chat({ metadata: { simulate: 'output_tokens=9' } }),
      chat({ stream: true, stream_options: { include_usage: true }, metadata: { simulate: 'tool_call output_tokens=9' } }),
      chat({ n: 2 }),
    ]) {
      const served = await fetch(simulator.url + PATH, { method: 'POST', body: JSON.stringify(body) });
      const mine = await post(provider, PATH, body);
      const created = /"created":\d+/g;
      expect(mine.text.replace(created, '')).toBe((await served.text()).replace(created, ''));
      expect(mine.status).toBe(served.status);
      for (const [name, value] of Object.entries(mine.headers)) expect(served.headers.get(name)).toBe(value);
    }
    await simulator.close();
  });

  it('answers by the virtual clock: head, first token, rest', async () => {
    const { provider, clock } = setUp({ latency: SLOW });
    const log: string[] = [];
    const reading = simulateHttp(provider, { path: PATH, body: ask({ stream: true, metadata: { simulate: 'output_tokens=10' } }) }).then(
      async (answer) => {
        log.push(`head ${answer.status} ${clock.now()}`);
        for await (const chunk of answer.body) log.push(`${chunk.length > 0} ${clock.now()}`);
        log.push(`end ${clock.now()}`);
      },
    );
    await clock.advance(5000);
    await reading;
    expect(log[0]).toBe('head 200 100');
    // The terminal events come with the last token.
    expect(log.slice(1, -1)).toEqual([...Array.from({ length: 10 }, (_, i) => `true ${200 + 100 * i}`), 'true 1100']);
    expect(log.at(-1)).toBe('end 1100');
  });

  it('an abort rejects with its reason before the head and in the body, and stops the generation', async () => {
    const limits = [{ type: 'otpm', limit: 1000, windowMs: 60_000, mechanism: 'sliding' }] as const;
    const { provider, clock } = setUp({ latency: SLOW, limits, cost: 'metered-output' });
    const body = ask({ stream: true, metadata: { simulate: 'output_tokens=100' } });
    const early = new AbortController();
    const late = new AbortController();
    const first = simulateHttp(provider, { path: PATH, body, signal: early.signal });
    const second = simulateHttp(provider, { path: PATH, body, signal: late.signal });
    await clock.advance(50);
    early.abort(new Error('too early'));
    await expect(first).rejects.toThrow('too early');
    await clock.advance(550);
    const read = textOf(await second);
    late.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
    await expect(simulateHttp(provider, { path: PATH, body, signal: late.signal })).rejects.toThrow('enough');
    await clock.advance(5000);
    expect(clock.pendingTimers).toBe(0);
    expect(provider.stats()).toMatchObject({ accepted: 2, aborted: 2 });
    expect(provider.stats().limits[0]?.accepted).toBeLessThan(60);
    for (const { signal } of [early, late]) expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('leaving the loop hangs up; a signal is let go at the end', async () => {
    const { provider, clock } = setUp({ latency: SLOW });
    const { signal } = new AbortController();
    const answer = simulateHttp(provider, { path: PATH, body: ask({ stream: true }), signal });
    await clock.advance(300);
    for await (const _ of (await answer).body) break;
    expect(provider.stats().aborted).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    const whole = simulateHttp(provider, { path: PATH, body: ask(), signal });
    await clock.advance(3000);
    await textOf(await whole);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(provider.stats().aborted).toBe(1);
  });

  it('serves what only the simulator has, and says no to the rest', async () => {
    const { provider } = setUp({ maxBodyBytes: 100 });
    const get = async (method: string, path: string) => {
      const answer: SimulatedHttpAnswer = await simulateHttp(provider, { method, path });
      return [answer.status, await textOf(answer)] as const;
    };
    expect(JSON.parse((await get('GET', '/__stats'))[1])).toMatchObject({ accepted: 0 });
    expect(await get('POST', '/__reset')).toEqual([200, '{"reset":true}']);
    expect((await get('GET', PATH))[0]).toBe(404);
    expect((await post(provider, PATH, chat({ user: 'x'.repeat(100) }))).status).toBe(413);
    expect((await post(provider, '/v1/responses/input_tokens', { input: 'eight...' })).json()).toEqual({
      object: 'response.input_tokens',
      input_tokens: 2,
    });
  });

  it('says a scripted text, whole, streamed, and as the arguments of a tool', async () => {
    const text = '{"city": "Zürich 🏔️", "ok": "\\n"}';
    const { provider } = setUp({ script: ({ body }) => ({ text, kind: body['user'] === 'tool' ? 'tool_call' : 'answer' }) });
    const whole = (await post(provider, PATH, chat({ max_tokens: 100 }))).json();
    expect(whole.choices[0].message.content).toBe(text);
    expect(whole.choices[0].finish_reason).toBe('stop');
    const deltas = async (body: object, path = PATH, headers = {}) =>
      (await post(provider, path, body, headers)).text
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .map((line) => JSON.parse(line.slice(6)));
    const streamed = await deltas(chat({ stream: true }));
    expect(streamed.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(text);
    const called = await deltas(chat({ stream: true, user: 'tool' }));
    expect(called.map((chunk) => chunk.choices[0]?.delta.tool_calls?.[0].function.arguments ?? '').join('')).toBe(text);
    const responses = await deltas({ model: 'm', input: 'x', stream: true }, '/v1/responses');
    expect(responses.find(({ type }) => type === 'response.output_text.done').text).toBe(text);
    const short = (await post(provider, PATH, chat({ max_tokens: 2 }))).json();
    expect(short.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: text.slice(0, 8) } });
  });
});

describe('simulatedFetch', () => {
  it('is a fetch for the official SDK, and fails as fetch does', async () => {
    const { provider } = setUp();
    const openai = new OpenAI({ apiKey: 'k', fetch: simulatedFetch(provider), maxRetries: 0 });
    const stream = await openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'x' }], stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text.length).toBeGreaterThan(0);
    expect((await openai.embeddings.create({ model: 'e', input: 'x', dimensions: 8 })).data[0]?.embedding).toHaveLength(8);
    const fetchIt = simulatedFetch(provider);
    const send = (fault: string) =>
      fetchIt(`http://anywhere${PATH}`, { method: 'POST', body: ask({ stream: true, metadata: { simulate: `fault=${fault}` } }) });
    await expect(send('reset')).rejects.toMatchObject({ name: 'TypeError', cause: expect.any(SimulatedNetworkError) });
    await expect((await send('resetInBody')).text()).rejects.toMatchObject({ name: 'TypeError', cause: expect.any(SimulatedNetworkError) });
    const cancelled = await fetchIt(`http://anywhere${PATH}`, { method: 'POST', body: ask({ stream: true }) });
    await cancelled.body?.cancel();
  });
});

describe('streamCall', () => {
  it('yields tokens as they are produced, then ends or throws', async () => {
    const { provider, clock } = setUp({ latency: SLOW });
    const call = { model: 'm', inputTokens: 1, outputTokens: 20 };
    const log: [number, number][] = [];
    const stream = provider.streamCall(call);
    const reading = (async () => {
      for await (const tokens of stream.tokens) log.push([tokens, clock.now()]);
    })();
    await clock.advance(2000);
    await reading;
    expect(log.reduce((sum, [tokens]) => sum + tokens, 0)).toBe(20);
    expect(log[0]?.[1]).toBe(150);
    expect(await stream.done).toMatchObject({ kind: 'completed', outputTokens: 20 });
    const cut = provider.streamCall({ ...call, fault: 'truncate' });
    const failing = (async () => {
      for await (const _ of cut.tokens);
    })();
    const outcome = expect(failing).rejects.toBeInstanceOf(SimulatedNetworkError);
    await clock.advance(2000);
    await outcome;
    const left = provider.streamCall(call);
    const leaving = (async () => {
      for await (const _ of left.tokens) break;
    })();
    await clock.advance(500);
    await leaving;
    expect(provider.stats().aborted).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    await expect(left.done).rejects.toBeDefined();
  });
});

describe('chaos in process', () => {
  it('every call to three providers ends once, whatever befalls it, and nothing is left', async () => {
    const rates = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0.03]));
    const steps = fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 300 }),
        at: fc.integer({ min: 0, max: 2 }),
        stream: fc.boolean(),
        abortAfter: fc.option(fc.integer({ min: 0, max: 2000 })),
      }),
      { minLength: 1, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 1e9 }), async (calls, seed) => {
        const { clock } = setUp();
        const providers = [0, 1, 2].map((at) => {
          const limits = [{ type: 'rpm', limit: 5, windowMs: 2000, mechanism: 'sliding' }] as const;
          const faults = { ...rates, stallMs: 3000, longLineBytes: 1000 };
          return setUp({ clock, seed: seed + at, limits, faults, latency: { ttft: {} } }).provider;
        });
        let ended = 0;
        for (const { gap, at, stream, abortAfter } of calls) {
          await clock.advance(gap);
          const provider = providers[at];
          if (!provider) throw new Error('no such provider');
          const controller = new AbortController();
          if (abortAfter !== null) clock.setTimeout(() => controller.abort(new Error('stop')), abortAfter);
          void simulateHttp(provider, { path: PATH, body: ask({ stream }), signal: controller.signal })
            .then(textOf)
            .catch(() => {})
            .finally(() => {
              ended += 1;
            });
        }
        await clock.advance(120_000);
        expect(ended).toBe(calls.length);
        expect(clock.pendingTimers).toBe(0);
        for (const provider of providers) {
          for (const row of provider.stats().limits) expect(row.mostInAnyWindow).toBeLessThanOrEqual(row.limit);
        }
      }),
      { numRuns: 30 },
    );
  });
});
