import { describe, expect, it } from 'vitest';
import {
  AttemptTimeout,
  DeadlineExceeded,
  DuplicateRequest,
  EngineStopped,
  InvalidConfiguration,
  InvalidRequest,
  LLMQueueException,
  ModelNotRegistered,
  ProcessingError,
  QueueManager,
  QueueTimeout,
  QueueTimeoutError,
  RateLimitExceeded,
  RequestCancelled,
  type RequestInput,
  SchedulerQueueFullError,
} from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { bench, MODEL, ONE_AT_ONCE, retryable, thrownBy, UNLIMITED } from './harness.ts';

type Kind = new (...args: never[]) => LLMQueueException;

/** Both doors: `submit` throws, `submitRequest` rejects, with the same error. */
async function expectRefused(manager: QueueManager, input: unknown, kind: Kind, code: string, says: readonly string[]): Promise<void> {
  const thrown = thrownBy(() => manager.submit(input as RequestInput));
  const rejected = await manager.submitRequest(input as RequestInput).then(
    () => expect.fail('resolved'),
    (error: unknown) => error,
  );
  for (const error of [thrown, rejected]) {
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ code, name: kind.name });
    expect(LLMQueueException.isInstance(error)).toBe(true);
    for (const part of says) expect((error as Error).message).toContain(part);
  }
}

describe('what submit throws and submitRequest rejects with', () => {
  it('an unknown model: names it and those there are', async () => {
    const { manager } = bench();
    await expectRefused(manager, { modelId: 'nope' }, ModelNotRegistered, 'model_not_registered', [
      "'nope'",
      `'${MODEL}'`,
      'registerQueue',
    ]);
    for (const act of [
      () => manager.getStatus('nope', 'x'),
      () => manager.getQueueInfo('nope'),
      () => manager.updateTokenUsage('nope', 'x', { inputTokens: 1, outputTokens: 1 }),
      () => manager.queue$('nope'),
      () => manager.pauseQueue('nope'),
      () => manager.resumeQueue('nope'),
      () => manager.updateLimits('nope', []),
    ]) {
      expect(thrownBy(act)).toBeInstanceOf(ModelNotRegistered);
    }
    await expect(manager.unregisterQueue('nope')).rejects.toBeInstanceOf(ModelNotRegistered);
  });

  it.each<[string, unknown, string, string]>([
    ['null', null, '', 'null'],
    ['a number', 7, '', '7'],
    ['no model', {}, 'modelId', 'undefined'],
    ['an empty model', { modelId: '' }, 'modelId', "''"],
    ['a model that is no text', { modelId: 5 }, 'modelId', '5'],
    ['an empty id', { modelId: MODEL, id: '' }, 'id', "''"],
    ['an id that is no text', { modelId: MODEL, id: 12 }, 'id', '12'],
    ['a tenant that is no text', { modelId: MODEL, tenant: 9 }, 'tenant', '9'],
    ['an empty dedupe key', { modelId: MODEL, dedupeKey: '' }, 'dedupeKey', "''"],
    ['a priority above 10', { modelId: MODEL, priority: 11 }, 'priority', '11'],
    ['a priority below -10', { modelId: MODEL, priority: -11 }, 'priority', '-11'],
    ['a priority of 1.5', { modelId: MODEL, priority: 1.5 }, 'priority', '1.5'],
    ["a priority of '1'", { modelId: MODEL, priority: '1' }, 'priority', "'1'"],
    ['a deadline that is no date', { modelId: MODEL, deadline: new Date('x') }, 'deadline', 'Invalid Date'],
    ['a deadline of NaN', { modelId: MODEL, deadline: Number.NaN }, 'deadline', 'NaN'],
    ['a deadline that no date can show', { modelId: MODEL, deadline: -1e300 }, 'deadline', '-1e+300'],
    ['a deadline that is text', { modelId: MODEL, deadline: 'soon' }, 'deadline', "'soon'"],
    ['a signal that is none', { modelId: MODEL, signal: { aborted: false } }, 'signal', 'expected an AbortSignal'],
    ['metadata that is text', { modelId: MODEL, metadata: 'm' }, 'metadata', "'m'"],
    ["waitForCompletion of 'no'", { modelId: MODEL, waitForCompletion: 'no' }, 'waitForCompletion', "'no'"],
    ['negative tokens', { modelId: MODEL, estimatedInputTokens: -1 }, 'estimatedInputTokens', '-1'],
    ['half a token', { modelId: MODEL, estimatedOutputTokens: 0.5 }, 'estimatedOutputTokens', '0.5'],
  ])('bad input, %s: names the field and the value', async (_what, input, path, value) => {
    const { manager } = bench();
    await expectRefused(manager, input, InvalidRequest, 'invalid_request', [path, value, 'expected']);
    expect(thrownBy(() => manager.submit(input as RequestInput))).toMatchObject({ path, retryable: false });
    expect(manager.getQueueInfo(MODEL).queueSize).toBe(0);
  });

  it('bad config: InvalidConfiguration', () => {
    const manager = new QueueManager({ clock: new VirtualClock() });
    const thrown = thrownBy(() => manager.registerQueue({ modelId: 'm', rateLimit: 0 }, () => 1));
    expect(thrown).toBeInstanceOf(InvalidConfiguration);
    expect(thrown).toMatchObject({ code: 'invalid_configuration', path: 'rateLimit', retryable: false });
  });

  it('a full queue: names the model and its size; what runs does not count', async () => {
    const { manager, submit, clock } = bench({ ...ONE_AT_ONCE, maxQueueSize: 2 });
    submit();
    await clock.settle();
    submit();
    submit();
    await expectRefused(manager, { modelId: MODEL }, SchedulerQueueFullError, 'queue_full', [
      `'${MODEL}'`,
      'queue is full. Max: 2',
      'maxQueueSize',
    ]);
    expect(thrownBy(() => submit())).toMatchObject({ retryable: true });
  });

  it('an id that is live; it may be used again once that one has settled', async () => {
    const { manager, submit, calls, clock } = bench();
    const first = submit({ id: 'same' });
    await expectRefused(manager, { modelId: MODEL, id: 'same' }, DuplicateRequest, 'duplicate_request', ["'same'"]);
    await clock.settle();
    calls.last.resolve(1);
    await first.response;
    submit({ id: 'same' });
    await clock.settle();
    calls.last.resolve(2);
    await clock.settle();
    expect(manager.getStatus(MODEL, 'same')).toMatchObject({ result: 2 });
  });

  it('after shutdown, and while it shuts down', async () => {
    const { manager, submit, calls, clock } = bench();
    const handle = submit();
    await clock.settle();
    const stopping = manager.shutdownAll();
    await expectRefused(manager, { modelId: MODEL }, EngineStopped, 'engine_stopped', ['QueueManager']);
    calls.last.resolve();
    await stopping;
    await expectRefused(manager, { modelId: MODEL }, EngineStopped, 'engine_stopped', []);
    expect((await handle.response).status).toBe('completed');
    expect(thrownBy(() => manager.registerQueue({ modelId: 'late', ...UNLIMITED }, () => 1))).toBeInstanceOf(EngineStopped);
  });
});

describe('what a response fails with', () => {
  it('a request that can never fit: at once, naming limit, cost and size', async () => {
    const { submit, calls, clock, manager } = bench({
      rateLimiters: [
        { type: 'rpm', limit: 9 },
        { type: 'tpm', limit: 10 },
      ],
    });
    const response = await submit({ id: 'big', estimatedInputTokens: 8, estimatedOutputTokens: 3 }).response;
    expect(response).toMatchObject({ status: 'failed', reason: 'rejected', code: 'request_too_large', attempts: 0, requestId: 'big' });
    if (response.status !== 'failed') return expect.fail(response.status);
    expect(response.cause).toBeInstanceOf(RateLimitExceeded);
    expect(response.cause).toMatchObject({ limitType: 'tpm', cost: 11, limit: 10, retryable: false });
    for (const part of ["'big'", "'tpm'", '11', '10', MODEL]) expect(response.error).toContain(part);
    await clock.settle();
    expect(calls.all).toHaveLength(0);
    expect(manager.getQueueInfo(MODEL).rateLimiters.map(({ usage }) => usage)).toEqual([0, 0]);
  });

  it('waited longer than requestTimeoutSeconds: removed, never run', async () => {
    const { submit, calls, clock } = bench({ ...ONE_AT_ONCE, requestTimeoutSeconds: 5 });
    submit();
    await clock.settle();
    const handle = submit({ id: 'late' });
    await clock.advance(4_999);
    expect(handle.actor.getSnapshot().value).toBe('pending');
    await clock.advance(1);
    const response = await handle.response;
    expect(response).toMatchObject({ status: 'failed', reason: 'timeout', code: 'queue_timeout', attempts: 0, queueTime: 5 });
    if (response.status !== 'failed') return expect.fail(response.status);
    expect(response.cause).toBeInstanceOf(QueueTimeoutError);
    expect(response.cause).toBeInstanceOf(QueueTimeout);
    for (const part of ["'late'", '5 s', `'${MODEL}'`]) expect(response.error).toContain(part);
    calls.last.resolve();
    await clock.advance(10_000);
    expect(calls.ids).not.toContain('late');
  });

  it('its deadline passed, pending or processing, as a Date or as epoch milliseconds', async () => {
    const { submit, calls, clock } = bench({ ...ONE_AT_ONCE });
    const running = submit({ id: 'running', deadline: new Date(clock.wallMs() + 1_000) });
    await clock.settle();
    const waiting = submit({ id: 'waiting', deadline: clock.wallMs() + 500 });
    await clock.advance(1_000);
    for (const handle of [running, waiting]) {
      const response = await handle.response;
      expect(response).toMatchObject({ status: 'failed', reason: 'timeout', code: 'deadline_exceeded' });
      expect(response.status === 'failed' && response.cause).toBeInstanceOf(DeadlineExceeded);
      expect(response.error).toContain(`'${handle.id}'`);
      expect(response.error).toContain('2025-01-01T00:00:0');
    }
    expect(calls.at(0).context.signal.aborted).toBe(true);
    const tooLate = await submit({ deadline: clock.wallMs() }).response;
    expect(tooLate).toMatchObject({ status: 'failed', reason: 'timeout', code: 'deadline_exceeded' });
    expect(calls.all).toHaveLength(1);
  });

  it('an attempt that takes too long: its signal aborts, its slot is free, it is retried or fails', async () => {
    const { submit, calls, clock } = bench({ ...ONE_AT_ONCE, attemptTimeoutSeconds: 3, retry: { maxAttempts: 2, baseDelayMs: 100 } });
    const handle = submit({ id: 'slow' });
    const next = submit({ id: 'next' });
    await clock.advance(3_000);
    expect(calls.at(0).context.signal.aborted).toBe(true);
    expect(calls.ids).toEqual(['slow', 'next']);
    calls.last.resolve('n');
    expect((await next.response).status).toBe('completed');
    await clock.advance(100);
    expect(calls.ids).toEqual(['slow', 'next', 'slow']);
    await clock.advance(3_000);
    const response = await handle.response;
    expect(response).toMatchObject({ status: 'failed', reason: 'timeout', code: 'attempt_timeout', attempts: 2, processingTime: 3 });
    if (response.status !== 'failed') return expect.fail(response.status);
    expect(response.cause).toBeInstanceOf(AttemptTimeout);
    for (const part of ["'slow'", '3 s', MODEL]) expect(response.error).toContain(part);
  });

  it('an attempt is limited to 600 s by default', async () => {
    const { submit, clock } = bench();
    const handle = submit();
    await clock.advance(599_999);
    expect(handle.actor.getSnapshot().value).toBe('processing');
    await clock.advance(1);
    expect(await handle.response).toMatchObject({ code: 'attempt_timeout' });
  });

  it('cancelled by cancel(), pending and processing, and by a signal', async () => {
    const { submit, calls, clock, manager } = bench(ONE_AT_ONCE);
    const controller = new AbortController();
    const running = submit({ id: 'running' });
    await clock.settle();
    const waiting = submit({ id: 'waiting' });
    const signalled = submit({ id: 'signalled', signal: controller.signal });
    expect(waiting.cancel('changed my mind')).toBe(true);
    expect(waiting.cancel()).toBe(false);
    controller.abort(new Error('page closed'));
    expect(running.cancel()).toBe(true);
    for (const [handle, why] of [
      [waiting, 'changed my mind'],
      [signalled, 'page closed'],
      [running, ''],
    ] as const) {
      const response = await handle.response;
      expect(response).toMatchObject({ status: 'failed', reason: 'cancelled', code: 'cancelled' });
      if (response.status !== 'failed') return expect.fail(response.status);
      expect(response.cause).toBeInstanceOf(RequestCancelled);
      expect(response.error).toContain(`'${handle.id}'`);
      expect(response.error).toContain(why);
    }
    expect(calls.at(0).context.signal.aborted).toBe(true);
    expect(calls.at(0).context.signal.reason).toBeInstanceOf(RequestCancelled);
    const aborted = await submit({ signal: controller.signal }).response;
    expect(aborted).toMatchObject({ reason: 'cancelled', attempts: 0 });
    await clock.settle();
    expect(calls.ids).toEqual(['running']);
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, rateLimiterUsage: 0 });
  });

  it('the processor threw and no attempt is left: cause is what was thrown', async () => {
    const { submit, calls, clock } = bench({ retry: { maxAttempts: 3, baseDelayMs: 10 } });
    const handle = submit();
    for (let attempt = 1; attempt <= 3; attempt++) {
      await clock.advance(1_000);
      expect(calls.last.context.attempt).toBe(attempt);
      calls.last.reject(retryable(`failure ${attempt}`));
    }
    const response = await handle.response;
    expect(response).toMatchObject({ status: 'failed', reason: 'error', code: 'processing_error', attempts: 3, error: 'failure 3' });
    if (response.status !== 'failed') return expect.fail(response.status);
    expect(response.cause).toBeInstanceOf(ProcessingError);
    expect(response.cause).toMatchObject({ retryable: true, cause: { message: 'failure 3' } });
    expect(calls.all).toHaveLength(3);
  });

  it('plain errors are final even where attempts are left', async () => {
    const { submit, calls, clock } = bench({ retry: { maxAttempts: 3 } });
    const handle = submit();
    await clock.settle();
    const thrown = new Error('no');
    calls.last.reject(thrown);
    const response = await handle.response;
    expect(response).toMatchObject({ reason: 'error', attempts: 1, error: 'no', cause: { cause: thrown, retryable: false } });
  });

  it('forced shutdown, and the deadline of a shutdown', async () => {
    for (const options of [{ force: true }, { deadlineMs: 250 }]) {
      const { submit, calls, clock, manager } = bench(ONE_AT_ONCE);
      const running = submit();
      await clock.settle();
      const waiting = submit();
      const stopping = manager.shutdownAll(options);
      await clock.advance(250);
      await stopping;
      for (const handle of [running, waiting]) {
        const response = await handle.response;
        expect(response).toMatchObject({ status: 'failed', reason: 'shutdown', code: 'engine_stopped' });
        expect(response.status === 'failed' && response.cause).toBeInstanceOf(EngineStopped);
      }
      expect(calls.all).toHaveLength(1);
      expect(calls.last.context.signal.aborted).toBe(true);
      expect(clock.pendingTimers).toBe(0);
    }
  });
});

describe('what succeeds', () => {
  it('has every documented field', async () => {
    const { submit, calls, clock, manager } = bench(ONE_AT_ONCE);
    submit();
    const handle = submit({ id: 'second' });
    await clock.advance(2_000);
    calls.at(0).resolve();
    await clock.advance(500);
    calls.at(1).resolve({ text: 'hi', usage: { prompt_tokens: 7, completion_tokens: 5 } });
    const response = await handle.response;
    expect(response).toEqual({
      status: 'completed',
      result: { text: 'hi', usage: { prompt_tokens: 7, completion_tokens: 5 } },
      requestId: 'second',
      modelId: MODEL,
      createdAt: 1_735_689_600_000,
      attempts: 1,
      queueTime: 2,
      processingTime: 0.5,
      inputTokensUsed: 7,
      outputTokensUsed: 5,
    });
    expect(manager.getStatus(MODEL, 'second')).toEqual(response);
    expect(await handle.response).toBe(response);
  });

  it('fire and forget: pending at once, later completed with the result', async () => {
    const { manager, calls, clock } = bench();
    const first = await manager.submitRequest({ modelId: MODEL, id: 'f', waitForCompletion: false });
    expect(first).toMatchObject({ status: 'pending', requestId: 'f', modelId: MODEL, attempts: 0 });
    await clock.settle();
    expect(manager.getStatus(MODEL, 'f')).toMatchObject({ status: 'processing', attempts: 1 });
    calls.last.resolve('done');
    await clock.settle();
    expect(manager.getStatus(MODEL, 'f')).toMatchObject({ status: 'completed', result: 'done' });
    expect(manager.getStatus(MODEL, 'unknown')).toBeNull();
  });

  it('a processor that returns nothing completes without a result', async () => {
    const { submit } = bench({}, () => undefined);
    expect(await submit().response).toMatchObject({ status: 'completed', result: undefined });
  });

  it('a request with only a model, or only metadata, is valid', async () => {
    const { manager } = bench({}, (request) => request.metadata ?? 'nothing');
    expect(await manager.submitRequest({ modelId: MODEL })).toMatchObject({ result: 'nothing' });
    expect(await manager.submitRequest({ modelId: MODEL, id: 'x', metadata: { prompt: 'p' } })).toMatchObject({ result: { prompt: 'p' } });
  });
});
