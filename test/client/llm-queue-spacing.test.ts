import { describe, expect, it } from 'vitest';
import { BOTH, bench, config, EMBEDDING, embedding, LLM, model } from './llm-queue-bench.ts';

/** What the limiter adds so that two clocks may run at different rates. */
const DRIFT = 1.0002;

describe('evenly spaced requests', () => {
  it('start 60 s ÷ reqPerMin after one another at each deployment, in turn', async () => {
    const { send, clock, calls } = bench(config([model('a', { req_per_min: 450 }), model('b', { req_per_min: 450 })]));
    for (let n = 0; n < 100; n++) send(LLM, { reqType: 'chat' });
    await clock.advance(10_000);

    expect(calls.map(({ models }) => models)).toEqual(Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? 'a' : 'b')));
    for (const name of ['a', 'b']) {
      const starts = calls.filter(({ models }) => models === name).map(({ at }) => at);
      for (const [n, at] of starts.entries()) {
        const gap = at - (starts[n - 1] ?? at - 60_000 / 450);
        expect(gap).toBeGreaterThanOrEqual(60_000 / 450);
        expect(gap).toBeLessThan((60_000 / 450) * DRIFT + 0.01);
      }
    }
  });

  it('leave as much time as the calls of the last request take, of each model its own', async () => {
    const models = [model('gpt', { req_per_min: 60 }), embedding('ada', { req_per_min: 60 })];
    const { send, clock, calls } = bench(config(models));
    send({ ...BOTH, numEmbCallsPerReq: 3, numLlmCallsPerReq: 0.5 });
    await clock.advance(0);
    send(LLM);
    send(EMBEDDING);
    await clock.advance(5_000);

    const [both, llm, embedded] = calls;
    expect([both?.models, llm?.models, embedded?.models]).toEqual(['ada;gpt', 'gpt', 'ada']);
    expect(llm?.at).toBeCloseTo(500, 0);
    expect(embedded?.at).toBeGreaterThanOrEqual(3_000);
    expect(embedded?.at).toBeLessThan(3_002);
  });

  it('come to all that the limit allows', async () => {
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 120 })]));
    for (let n = 0; n < 400; n++) send(LLM, { reqType: 'chat' });
    await clock.advance(180_000);

    expect(calls.length).toBeGreaterThanOrEqual(358);
    expect(calls.length).toBeLessThanOrEqual(361);
  });

  it('use a model freely while a request that needs it waits for another one', async () => {
    const models = [model('gpt', { req_per_min: 60 }), embedding('ada', { req_per_min: 6 })];
    const { send, clock, calls } = bench(config(models));
    send(EMBEDDING);
    await clock.advance(0);
    send(BOTH);
    await clock.advance(0);
    for (let n = 0; n < 60; n++) send(LLM);
    await clock.advance(9_990);
    expect(calls.filter(({ models: name }) => name === 'gpt').length).toBeGreaterThanOrEqual(9);
    await clock.advance(1_100);

    expect(calls.filter(({ models: name }) => name === 'ada;gpt')).toHaveLength(1);
  });
});
