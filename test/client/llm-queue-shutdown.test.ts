import { describe, expect, it } from 'vitest';
import { Interruption } from '../../src/client/llm-queue/interruption.ts';
import { BasicFIFOScheduler } from '../../src/client/llm-queue/scheduler.ts';
import { EngineStopped } from '../../src/domain/errors.ts';
import { bench, config, LLM, model } from './llm-queue-bench.ts';

describe.each([
  ['by the engine', undefined],
  ['by a scheduler of the user’s', () => new BasicFIFOScheduler()],
])('shutdown of a queue whose order is kept %s', (_, makeScheduler) => {
  const slow = () => bench(config([model('gpt', { req_per_min: 1 })]), { scheduler: makeScheduler?.() });

  it('answers everybody at once when it is forced: what waits, and what runs, whose signal aborts', async () => {
    const { send, clock, queue, calls, rows } = slow();
    const sent = [send(), send(), send()];
    await clock.advance(0);
    const done = queue.gracefulShutdown({ force: true });
    await done;

    expect(sent.map(({ error }) => error instanceof EngineStopped)).toEqual([true, true, true]);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(rows.all).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits until its deadline, then answers who is left; it may become more impatient, and is done once', async () => {
    const { send, clock, queue, calls, rows } = slow();
    const sent = [send(), send(), send()];
    await clock.advance(0);
    const patient = queue.gracefulShutdown();
    const bounded = queue.gracefulShutdown({ deadlineMs: 70_000 });
    await clock.advance(1_000);
    calls[0]?.resolve('ok');
    await clock.advance(61_500);
    calls[1]?.resolve('ok');
    await clock.advance(10_000);
    await Promise.all([patient, bounded, queue.gracefulShutdown()]);

    expect(sent.map(({ answer, error }) => answer?.statusCode ?? (error as EngineStopped).code)).toEqual([200, 200, 'engine_stopped']);
    expect(rows.log.filter((entry) => entry === 'disconnect')).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not hang with a store that never answers once it is forced', async () => {
    const never = () => new Promise<never>(() => {});
    const store = { connect: () => {}, disconnect: () => {}, checkAndAddRequest: never };
    const { send, clock, queue } = bench(config([model('gpt')]), {
      userRateLimitsStoreAdapter: store,
      scheduler: makeScheduler?.(),
    });
    const sent = send(LLM, { reqType: 'quick' });
    await clock.advance(0);
    await queue.gracefulShutdown({ force: true });

    expect(sent.error).toBeInstanceOf(EngineStopped);
  });
});

describe('an interruption', () => {
  it('ends what waits and what begins to wait later with its first reason, and leaves alone what has ended', async () => {
    const interruption = new Interruption();
    const never = () => new Promise<never>(() => {});
    const done = interruption.guard(Promise.resolve('done'));
    await done;
    const before = interruption.guard(never());
    interruption.interrupt(new Error('first'));
    interruption.interrupt(new Error('second'));

    await expect(done).resolves.toBe('done');
    await expect(before).rejects.toThrow('first');
    await expect(interruption.guard(never())).rejects.toThrow('first');
  });
});
