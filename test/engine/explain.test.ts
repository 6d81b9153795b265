import { describe, expect, it } from 'vitest';
import { RateLimitRefused } from '../../src/index.ts';
import { bench, MODEL, ONE_AT_ONCE, retryable, UNLIMITED } from './harness.ts';

const START = 1_735_689_600_000;

describe('explain', () => {
  it('a limit without room: which, and until when', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [
        { type: 'tpm', limit: 10, domain: 'd' },
        { type: 'rpm', limit: 99 },
      ],
    });
    submit({ estimatedInputTokens: 10 });
    await clock.settle();
    calls.last.context.responseStarted();
    const handle = submit({ estimatedInputTokens: 5 });
    await clock.settle();
    const explanation = manager.explain(handle.id);
    expect(explanation).toMatchObject({ status: 'pending', position: 1, waitingFor: { limiter: 'd/tpm', type: 'tpm', domain: 'd' } });
    expect(explanation?.earliestStart).toBeCloseTo(START + 60_000 + 7, 3);
    expect(explanation?.reason).toBe("limit 'd/tpm': 10 of 10 in use, room at 2025-01-01T00:01:01Z (in 61 s)");
  });

  it('a slot; the turn; a pause', async () => {
    const { manager, submit, calls, clock } = bench(ONE_AT_ONCE);
    const running = submit();
    await clock.settle();
    const handles = [submit(), submit(), submit({ priority: 1 })];
    await clock.settle();
    expect(manager.explain(running.id)).toEqual({
      status: 'processing',
      position: 0,
      waitingFor: null,
      reason: null,
      earliestStart: null,
    });
    expect(handles.map(({ id }) => manager.explain(id)?.position)).toEqual([2, 3, 1]);
    const third = { status: 'pending', position: 1, earliestStart: null };
    const slot = "limit 'model-a/concurrent': 1 of 1 in use, room once a call ends";
    expect(manager.explain(handles[2]?.id ?? '')).toEqual({ ...third, waitingFor: 'slot', reason: slot });
    manager.pauseQueue(MODEL);
    const paused = "the queue of model 'model-a' is paused";
    expect(manager.explain(handles[2]?.id ?? '')).toEqual({ ...third, waitingFor: 'turn', reason: paused });
    calls.last.resolve();
    await clock.settle();
    expect(manager.explain(handles[0]?.id ?? '')?.waitingFor).toBe('turn');
  });

  it('backoff, with its end; a refusal that names no limit of ours; nothing', async () => {
    const { manager, submit, calls, clock } = bench({ ...UNLIMITED, retry: { maxAttempts: 2, baseDelayMs: 2_000 } });
    const handle = submit();
    expect(manager.explain(handle.id)).toEqual({ status: 'pending', position: 1, waitingFor: null, reason: null, earliestStart: START });
    const behind = submit();
    expect(manager.explain(behind.id)).toMatchObject({ position: 2, waitingFor: 'turn', reason: 'its turn; 1 request is ahead' });
    behind.cancel();
    await clock.settle();
    calls.last.reject(retryable());
    await clock.settle();
    const backoff = 'between two attempts until 2025-01-01T00:00:01Z (in 1 s)';
    expect(manager.explain(handle.id)).toEqual({
      status: 'pending',
      position: 0,
      waitingFor: 'backoff',
      reason: backoff,
      earliestStart: START + 1_000,
    });
    await clock.advance(1_000);
    calls.last.reject(new RateLimitRefused({ retryAfterMs: 7_000 }));
    await clock.settle();
    expect(manager.explain(handle.id)).toEqual({
      status: 'pending',
      position: 1,
      waitingFor: 'turn',
      reason: 'the provider refused; nothing starts until 2025-01-01T00:00:08Z (in 7 s)',
      earliestStart: START + 8_000,
    });
    await clock.advance(7_000);
    calls.last.resolve();
    await handle.response;
    expect(manager.explain(handle.id)).toBeNull();
    expect(manager.explain('unknown')).toBeNull();
  });

  it('a paused limiter, until its end', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'rpm', limit: 5 }] });
    const handle = submit();
    await clock.settle();
    calls.last.reject(new RateLimitRefused({ retryAfterMs: 3_000 }));
    await clock.settle();
    expect(manager.explain(handle.id)).toMatchObject({ waitingFor: { type: 'rpm' }, earliestStart: START + 3_000 });
  });
});
