import { describe, expect, it } from 'vitest';
import { BasicFIFOScheduler } from '../../src/client/llm-queue/scheduler.ts';
import { QueueTimeoutError, SchedulerQueueFullError } from '../../src/domain/errors.ts';
import { LLMError, UserIdHeaderMissingError, UserRateLimitExceededError } from '../../src/domain/llm-queue-errors.ts';
import { BOTH, bench, config, EMBEDDING, embedding, LLM, model, NONE } from './llm-queue-bench.ts';

// Each of these is a defect that running the seed's system B shows: see B in docs/seeds.md.
describe('defects of system B', () => {
  it('B2-1: a missing user id is refused as what it is, and stored', async () => {
    const { send, rows, queue } = bench(config([model('gpt')]));

    for (const userId of ['', undefined as unknown as string, 7 as unknown as string]) {
      await expect(send(LLM, { userId }).promise).rejects.toThrow(UserIdHeaderMissingError);
    }
    await queue.gracefulShutdown();
    expect(rows.all.map(({ userId, errorMessage }) => [userId, errorMessage])).toEqual(
      Array.from({ length: 3 }, () => ['NO_USER_ID', 'user-id header is missing']),
    );
  });

  it('B2-2: executors that return at once are answered at once, and so is an unknown type', async () => {
    const { send, clock } = bench(config([model('gpt', { req_per_min: 6000 })]));
    const sent = Array.from({ length: 5 }, (_, n) => send(LLM, { reqType: 'quick', requestData: n }));
    const unknown = send(LLM, { reqType: 'sing' });

    expect(await clock.advanceUntil(() => sent.every(({ answer }) => answer !== undefined), 1_000)).toBe(true);
    expect(sent.map(({ answer }) => answer)).toEqual(sent.map((_, n) => ({ response: { echo: n }, statusCode: 200 })));
    expect(unknown.answer).toEqual({ response: 'Invalid request type', statusCode: 404 });
  });

  it('B2-3: a request for an unknown model is one caller’s 400; everybody else goes on', async () => {
    const { send, clock } = bench(config([model('gpt')]));
    const unknown = send({ specificLlmModel: 'gpt-9' });
    const known = send(LLM, { reqType: 'quick' });
    await clock.advance(0);

    const response = 'SPECIFIED LLM ID: gpt-9 is not present in the load balancer. Please check with the LLM Config provided.';
    expect(unknown.answer).toEqual({ response, statusCode: 400 });
    expect(known.answer?.statusCode).toBe(200);
  });

  it('B2-4: whoever waits too long gets QueueTimeoutError and is really gone', async () => {
    const limits = { scheduler_limits: { max_queue_size: 10, request_timeout_seconds: 30 } };
    const { send, clock, calls, queue } = bench(config([model('gpt', { req_per_min: 1 })], limits));
    send();
    const late = send();
    await clock.advance(30_000);

    expect(late.error).toBeInstanceOf(QueueTimeoutError);
    expect(String(late.error)).toBe('QueueTimeoutError: Request has timed out in scheduler queue. TTL: 30');
    expect(queue.queueSize).toBe(0);
    await clock.advance(300_000);
    expect(calls).toHaveLength(1);
  });

  it('B2-5: a request runs on the model that it asked for, whoever waits before it', async () => {
    const models = [model('m0', { req_per_min: 1 }), model('m1', { req_per_min: 2 })];
    for (const scheduler of [undefined, new BasicFIFOScheduler()]) {
      const { send, clock, calls } = bench(config(models), { scheduler });
      const names = ['m0', 'm1', 'm0', 'm1', 'm1', 'm0'];
      names.forEach((name, n) => {
        send({ specificLlmModel: name }, { requestData: { name, n } });
      });
      await clock.advanceUntil(() => calls.length === names.length, 600_000);

      expect(calls).toHaveLength(names.length);
      for (const { req, models: chosen } of calls) expect(chosen).toBe((req as { name: string }).name);
    }
  });

  it('B2-6: a request that needs no model runs at once and blocks nobody', async () => {
    for (const scheduler of [undefined, new BasicFIFOScheduler()]) {
      const { send, clock, calls } = bench(config([model('gpt')]), { scheduler });
      send(NONE);
      send(LLM);
      await clock.advance(0);

      expect(calls.map(({ models }) => models)).toEqual(['', 'gpt']);
    }
  });

  it('B2-7: shutting down an idle queue takes no time', async () => {
    const { queue, clock, rows } = bench(config([model('gpt')]));
    await queue.initiate();
    await queue.gracefulShutdown();

    expect(clock.now()).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    expect(rows.log).toEqual(['connect', 'disconnect']);
  });

  it('B2-8: shutdown finishes what waits and what runs', async () => {
    for (const scheduler of [undefined, new BasicFIFOScheduler()]) {
      const { send, queue, clock, calls, rows } = bench(config([model('gpt', { req_per_min: 2 })]), { scheduler });
      const sent = Array.from({ length: 5 }, () => send());
      await clock.advance(0);
      const done = queue.gracefulShutdown();
      const refused = send();
      let answered = 0;
      const answerAll = (): boolean => {
        for (; answered < calls.length; answered++) calls[answered]?.resolve('ok');
        return rows.log.includes('disconnect');
      };
      await clock.advanceUntil(answerAll, 600_000);
      await done;

      expect(sent.map(({ answer }) => answer)).toEqual(sent.map(() => ({ response: 'ok', statusCode: 200 })));
      expect(refused.error).toMatchObject({ code: 'engine_stopped' });
      expect(rows.all).toHaveLength(5);
    }
  });

  it('B2-9: a full queue is the caller’s SchedulerQueueFullError, costs the user nothing, and stops nobody', async () => {
    const limits = {
      scheduler_limits: { max_queue_size: 2, request_timeout_seconds: 300 },
      user_limits: { max_num_requests_in_time_window: 4, time_window_in_seconds: 600 },
    };
    for (const scheduler of [undefined, new BasicFIFOScheduler({ maxQueueSize: 2 })]) {
      const { send, clock, calls } = bench(config([model('gpt', { req_per_min: 1 })], limits), { scheduler });
      const sent = [];
      for (let n = 0; n < 6; n++) {
        sent.push(send());
        await clock.advance(0);
      }

      expect(sent.slice(3).map(({ error }) => String(error))).toEqual(
        Array.from({ length: 3 }, () => 'SchedulerQueueFullError: Main queue is full. Max: 2'),
      );
      expect(sent[3]?.error).toBeInstanceOf(SchedulerQueueFullError);
      await clock.advance(62_000);
      // One left the queue; of the user's four, three are used.
      expect(calls).toHaveLength(2);
      const fourth = send();
      await clock.advance(1);
      expect(fourth.error).toBeUndefined();
      await clock.advance(130_000);
      expect(calls).toHaveLength(4);
      const fifth = send();
      await clock.advance(0);
      expect(fifth.error).toBeInstanceOf(UserRateLimitExceededError);
    }
  });

  it('B2-10: a thousand requests a second where the limits allow it', async () => {
    const { send, clock } = bench(config([model('a', { req_per_min: 60_000, tokens_per_min: 1e9 })]));
    const sent = Array.from({ length: 1_000 }, () => send(LLM, { reqType: 'quick' }));
    await clock.advance(1_100);

    expect(sent.filter(({ answer }) => answer?.statusCode === 200)).toHaveLength(1_000);
  });

  it('B2-10: a single model that failed rests, and of two chosen ones exactly the one that failed', async () => {
    const models = [model('a'), model('b'), embedding('ada')];
    for (const scheduler of [undefined, new BasicFIFOScheduler()]) {
      const { send, clock, calls } = bench(config(models), { scheduler });
      const failing = send({ specificLlmModel: 'a' });
      await clock.advance(0);
      calls[0]?.reject(new LLMError('no answer'));
      await clock.advance(0);
      expect(failing.answer).toEqual({ response: 'LLM ERROR: no answer', statusCode: 500 });

      const both = send({ ...BOTH, specificLlmModel: 'b' });
      await clock.advance(2_000);
      calls[1]?.reject(new LLMError('no vectors', { deploymentId: 'ada' }));
      await clock.advance(0);
      expect(both.answer).toEqual({ response: 'LLM ERROR: no vectors', statusCode: 500 });

      for (const wanted of [{ specificLlmModel: 'a' }, EMBEDDING, { specificLlmModel: 'b' }]) send(wanted);
      await clock.advance(2_000);
      expect(calls.slice(2).map(({ models: chosen }) => chosen)).toEqual(['b']);
      await clock.advance(56_000);
      expect(calls.slice(3).map(({ models: chosen }) => chosen)).toEqual(['a']);
      await clock.advance(2_500);
      expect(calls.slice(4).map(({ models: chosen }) => chosen)).toEqual(['ada']);
    }
  });

  it('B2-10: the wait that a limited user is told is exact', async () => {
    const limits = { user_limits: { max_num_requests_in_time_window: 2, time_window_in_seconds: 60 } };
    const { send, clock } = bench(config([model('gpt')], limits));
    send();
    await clock.advance(10_250);
    send();
    await clock.advance(0.5);
    const refused = send();
    await clock.advance(0);

    expect(refused.error).toBeInstanceOf(UserRateLimitExceededError);
    expect(refused.error).toMatchObject({ retryAfterSeconds: 49.7495 });
    expect(String(refused.error)).toContain('Too many requests, please try again in 50 seconds');
  });

  it('B2-10: every kind of failure is stored', async () => {
    const limits = {
      scheduler_limits: { max_queue_size: 1, request_timeout_seconds: 5 },
      user_limits: { max_num_requests_in_time_window: 5, time_window_in_seconds: 60 },
    };
    const { send, clock, calls, queue, rows } = bench(config([model('gpt', { req_per_min: 1 })], limits));
    const settle = () => clock.advance(0);
    send(LLM, { userId: '' });
    send();
    await settle();
    send();
    await settle();
    send();
    await clock.advance(5_000);
    calls[0]?.reject(new LLMError('down'));
    for (let n = 0; n < 3; n++) {
      send({ specificLlmModel: 'unknown' });
      await settle();
    }
    send(LLM, { reqType: 'sing' });
    await settle();
    await queue.gracefulShutdown();

    expect(rows.all.map(({ errorMessage }) => errorMessage)).toEqual([
      'user-id header is missing',
      'Main queue is full. Max: 1',
      'Request has timed out in scheduler queue. TTL: 5',
      'down',
      ...Array.from({ length: 3 }, () => expect.stringContaining('SPECIFIED LLM ID: unknown')),
      'RATE LIMIT EXCEEDED',
    ]);
  });
});
