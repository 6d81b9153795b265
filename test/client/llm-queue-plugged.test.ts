import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { EvenlySpacedRequestLB, type LoadBalancer } from '../../src/client/llm-queue/load-balancer.ts';
import { BasicFIFOScheduler, type ScheduledRequest } from '../../src/client/llm-queue/scheduler.ts';
import { QueueTimeoutError } from '../../src/domain/errors.ts';
import { LLMError } from '../../src/domain/llm-queue-errors.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { BOTH, bench, config, EMBEDDING, embedding, LLM, model } from './llm-queue-bench.ts';

/** Last in, first out, as far as new requests go. */
class LastInFirstOut extends BasicFIFOScheduler {
  override readonly stepAside = 'specific';
  readonly #stack: ScheduledRequest[] = [];

  override addRequest(request: ScheduledRequest): void {
    this.#stack.push(request);
  }

  override popTopNewRequest(): ScheduledRequest | undefined {
    return this.#stack.pop();
  }

  override getTopRequestsModelPrefs() {
    return { ...super.getTopRequestsModelPrefs(), newRequest: this.#stack.at(-1) };
  }
}

/** A balancer without a hint of when it has something; it allows one call at a time. */
class OneAtATime implements LoadBalancer {
  readonly errors: string[] = [];
  readonly asked: unknown[] = [];
  open = true;
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  hasAvailableLlm(specific?: string): boolean {
    return this.open && (specific === undefined || specific === this.#id);
  }

  getAvailableLlmId(numCalls: number, specific?: string): string | undefined {
    this.asked.push([numCalls, specific]);
    if (!this.hasAvailableLlm(specific)) return undefined;
    this.open = false;
    return this.#id;
  }

  registerError(id: string): void {
    this.errors.push(id);
  }
}

describe('a scheduler of the user’s', () => {
  it('decides the order', async () => {
    const scheduler = new LastInFirstOut();
    const gate = new OneAtATime('gpt');
    gate.open = false;
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 600 })]), { scheduler, llmLoadBalancer: gate });
    for (let n = 0; n < 4; n++) send(LLM, { requestData: n });
    await clock.advance(0);
    for (let n = 0; n < 4; n++) {
      gate.open = true;
      await clock.advance(1_000);
    }

    expect(calls.map(({ req }) => req)).toEqual([3, 2, 1, 0]);
  });

  it('gets every request once, and is told of those that leave', async () => {
    const scheduler = new BasicFIFOScheduler();
    const seen: string[] = [];
    const add = scheduler.addRequest.bind(scheduler);
    scheduler.addRequest = (request) => {
      seen.push(`${request.reqType} of ${request.userId}, ${request.modelPref.numLlmCallsPerReq} calls`);
      add(request);
    };
    const controller = new AbortController();
    const { send, clock } = bench(config([model('gpt', { req_per_min: 1 })]), { scheduler });
    send();
    send({ numLlmCallsPerReq: 2, specificLlmModel: 'gpt' }, { signal: controller.signal });
    await clock.advance(0);
    const [waiting] = scheduler.getTopRequestsModelPrefs().waitingRequests;
    controller.abort();
    await clock.advance(0);

    expect(seen).toEqual(['chat of ann, 1 calls', 'chat of ann, 2 calls']);
    expect(waiting).toBeDefined();
    expect(scheduler.hasRequest(waiting?.reqId ?? '')).toBe(false);
  });

  it('leaves nothing at a caller’s signal once its request has ended', async () => {
    const { signal } = new AbortController();
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 600 })]), { scheduler: new BasicFIFOScheduler() });
    for (let n = 0; n < 30; n++) send(LLM, { signal });
    await clock.advance(0);
    expect(getEventListeners(signal, 'abort').length).toBeLessThan(3);
    await clock.advance(4_000);
    for (const { resolve } of calls) resolve();
    await clock.advance(0);

    expect(calls).toHaveLength(30);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('that hands out another request than asked for starts that one on its own model', async () => {
    class WrongOne extends BasicFIFOScheduler {
      override popTopWaitingRequest(): ScheduledRequest | undefined {
        const [first] = this.getTopRequestsModelPrefs().waitingRequests;
        return first && super.popTopWaitingRequest(first.reqId);
      }
    }
    const models = [model('a', { req_per_min: 1 }), model('b', { req_per_min: 6 })];
    const { send, clock, calls } = bench(config(models), { scheduler: new WrongOne() });
    for (const specificLlmModel of ['a', 'b', 'a', 'b', 'b']) send({ specificLlmModel }, { requestData: specificLlmModel });
    await clock.advance(200_000);

    expect(calls).toHaveLength(5);
    for (const { req, models: chosen } of calls) expect(chosen).toBe(req);
  });

  it('whose wait queue is full refuses one caller; the others go on', async () => {
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 60 })]), {
      scheduler: new BasicFIFOScheduler({ maxQueueSize: 1 }),
    });
    const sent = [0, 1, 2].map(() => send({ specificLlmModel: 'gpt' }));
    await clock.advance(5_000);

    expect(calls).toHaveLength(2);
    expect(String(sent[2]?.error)).toBe('SchedulerQueueFullError: Wait queue is full. Max: 1');
  });

  it('that throws is asked again a second later', async () => {
    const scheduler = new BasicFIFOScheduler();
    const look = scheduler.getTopRequestsModelPrefs.bind(scheduler);
    let throwing = true;
    scheduler.getTopRequestsModelPrefs = () => {
      if (throwing) throw new Error('a bug');
      return look();
    };
    const { send, clock, calls } = bench(config([model('gpt')]), { scheduler });
    send();
    await clock.advance(500);
    throwing = false;
    expect(calls).toHaveLength(0);
    await clock.advance(501);

    expect(calls).toHaveLength(1);
  });

  it('keeps the time limit of its requests, also of those that the engine holds back', async () => {
    const limits = { scheduler_limits: { max_queue_size: 10, request_timeout_seconds: 20 } };
    const models = [model('gpt', { req_per_min: 60, tokens_per_min: 100 })];
    const { send, clock, calls } = bench(config(models, limits), { scheduler: new BasicFIFOScheduler() });
    const sent = [1, 2].map(() => send(LLM, { requestData: { max_tokens: 80 } }));
    await clock.advance(19_999);
    expect(sent[1]?.error).toBeUndefined();
    await clock.advance(2);

    expect(calls).toHaveLength(1);
    expect(sent[1]?.error).toBeInstanceOf(QueueTimeoutError);
    await clock.advance(200_000);
    expect(calls).toHaveLength(1);
  });
});

describe('a load balancer of the user’s', () => {
  it('chooses, is asked with calls and model, and hears of errors; the other kind keeps the default', async () => {
    const llmLoadBalancer = new OneAtATime('b');
    const models = [model('a'), model('b'), embedding('ada')];
    const { send, clock, calls } = bench(config(models), { llmLoadBalancer });
    const sent = send({ ...BOTH, numLlmCallsPerReq: 2.5 });
    await clock.advance(0);
    expect(calls.map(({ models: chosen }) => chosen)).toEqual(['ada;b']);
    expect(llmLoadBalancer.asked).toEqual([[2.5, undefined]]);
    calls[0]?.reject(new LLMError('down', { deploymentId: 'b' }));
    await clock.advance(0);

    expect(sent.answer?.response).toBe('LLM ERROR: down');
    expect(llmLoadBalancer.errors).toEqual(['b']);
    send(EMBEDDING);
    await clock.advance(1_000);
    expect(calls.at(-1)?.models).toBe('ada');
  });

  it('without a hint is asked when something ended, and in the time that the quickest model needs', async () => {
    const llmLoadBalancer = new OneAtATime('gpt');
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 120 })]), { llmLoadBalancer });
    const sent = [send(), send()];
    await clock.advance(0);
    expect(calls).toHaveLength(1);
    llmLoadBalancer.open = true;
    calls[0]?.resolve('ok');
    await clock.advance(0);
    expect(calls).toHaveLength(2);

    send();
    await clock.advance(0);
    llmLoadBalancer.open = true;
    await clock.advance(499);
    expect(calls).toHaveLength(2);
    await clock.advance(1);
    expect(calls).toHaveLength(3);
    expect(sent[0]?.answer?.response).toBe('ok');
  });

  it.each([
    ['hasAvailableLlm', ['b', 'b', 'b']],
    ['getAvailableLlmId', ['a', 'b', 'a']],
    ['msUntilAvailable', ['b', 'b', 'b']],
  ] as const)('that throws in %s holds nobody up: models are chosen as without it, which is logged', async (method, chosen) => {
    const errors: unknown[] = [];
    const ignore = (): void => {};
    const logger = { debug: ignore, info: ignore, warn: ignore, error: (...said: unknown[]) => errors.push(said) };
    const broken: LoadBalancer = {
      hasAvailableLlm: () => true,
      getAvailableLlmId: () => 'b',
      registerError: ignore,
      [method]: () => {
        throw new Error('a bug');
      },
    };
    const models = [model('a', { req_per_min: 60 }), model('b', { req_per_min: 60 })];
    const { send, clock, calls } = bench(config(models), { llmLoadBalancer: broken, logger });
    for (let n = 0; n < 3; n++) send();
    await clock.advance(3_000);

    expect(calls.map((call) => call.models)).toEqual(chosen);
    // One that always has something is not asked when.
    const told = [{ reason: 'a bug' }, expect.stringContaining('a load balancer threw')];
    expect(errors[0]).toEqual(method === 'msUntilAvailable' ? undefined : told);
  });

  it('that throws at everything is told of once', async () => {
    const errors: unknown[] = [];
    const ignore = (): void => {};
    const logger = { debug: ignore, info: ignore, warn: ignore, error: (...said: unknown[]) => errors.push(said) };
    const broken = (): never => {
      throw new Error('a bug');
    };
    const llmLoadBalancer = { hasAvailableLlm: broken, getAvailableLlmId: broken, registerError: broken, msUntilAvailable: broken };
    const models = [model('a', { req_per_min: 60 }), model('b', { req_per_min: 60 })];
    const { send, clock, calls } = bench(config(models), { llmLoadBalancer, logger });
    const sent = [send(), send(), send()];
    await clock.advance(0);
    calls[0]?.reject(new LLMError('down', { deploymentId: 'a' }));
    await clock.advance(2_000);
    for (const { resolve } of calls) resolve('ok');
    await clock.advance(0);

    // The first rests after its error, as with the default.
    expect(calls.map((call) => call.models)).toEqual(['a', 'b', 'b']);
    expect(sent.map(({ answer }) => answer?.response)).toEqual(['LLM ERROR: down', 'ok', 'ok']);
    expect(errors).toEqual([[{ reason: 'a bug' }, expect.stringContaining('a load balancer threw')]]);
  });

  it('that allows more than a model’s limit makes requests wait, and the limit is kept', async () => {
    const generous: LoadBalancer = { hasAvailableLlm: () => true, getAvailableLlmId: () => 'gpt', registerError: () => {} };
    const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 3 })]), { llmLoadBalancer: generous });
    for (let n = 0; n < 5; n++) send();
    await clock.advance(59_000);
    expect(calls).toHaveLength(3);
    await clock.advance(62_000);

    expect(calls).toHaveLength(5);
  });
});

describe('the evenly spaced balancer', () => {
  const balancer = () => {
    const clock = new VirtualClock();
    const models = [
      { id: 'a', reqPerMin: 60 },
      { id: 'b', reqPerMin: 30, errorBackoffInSeconds: 10 },
      { id: 'c', reqPerMin: 30 },
    ];
    return { clock, spaced: new EvenlySpacedRequestLB(models, clock) };
  };

  it('goes round, and gives a model its next call after 60 s ÷ its rate × the calls of its last', async () => {
    const { clock, spaced } = balancer();
    const next = () => spaced.getAvailableLlmId(1);

    expect([next(), next(), next(), next()]).toEqual(['a', 'b', 'c', undefined]);
    expect(spaced.msUntilAvailable()).toBe(1_000);
    await clock.advance(999);
    expect(spaced.hasAvailableLlm()).toBe(false);
    await clock.advance(1);
    expect([spaced.getAvailableLlmId(2.5), next()]).toEqual(['a', undefined]);
    await clock.advance(1_000);
    expect([next(), next(), next()]).toEqual(['b', 'c', undefined]);
    expect(spaced.msUntilAvailable('a')).toBe(1_500);
  });

  it('gives a specific model only that one, and knows none that it was not told of', () => {
    const { spaced } = balancer();

    expect(spaced.getAvailableLlmId(1, 'b')).toBe('b');
    expect(spaced.getAvailableLlmId(1, 'b')).toBeUndefined();
    expect(spaced.hasAvailableLlm('b')).toBe(false);
    expect(spaced.hasAvailableLlm('c')).toBe(true);
    expect([spaced.hasAvailableLlm('d'), spaced.getAvailableLlmId(1, 'd'), spaced.msUntilAvailable('d')]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    spaced.registerError('d');
  });

  it('lets exactly the model rest that failed', async () => {
    const { clock, spaced } = balancer();
    spaced.registerError('b');
    await clock.advance(5_000);

    expect([spaced.hasAvailableLlm('a'), spaced.hasAvailableLlm('b')]).toEqual([true, false]);
    expect(spaced.msUntilAvailable('b')).toBe(5_000);
    await clock.advance(5_000);
    expect(spaced.hasAvailableLlm('b')).toBe(true);
  });

  it('adds the rates of replicas up', async () => {
    const clock = new VirtualClock();
    const replica = { id: 'a', reqPerMin: 60 };
    const spaced = new EvenlySpacedRequestLB([replica, replica], clock);
    spaced.getAvailableLlmId(1);

    expect(spaced.msUntilAvailable()).toBe(500);
  });
});
