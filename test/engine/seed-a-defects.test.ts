import { describe, expect, it } from 'vitest';
import { bench, Calls, MODEL } from './harness.ts';

// What the first Python system did wrong, each as it was observed there; the original's behaviour fails the test.
describe('defects of system A', () => {
  it('A2-1: several requests of a model are in flight at once, as many as the concurrency allows', async () => {
    let inFlight = 0;
    let most = 0;
    const { submit, clock } = bench({ rateLimiters: [{ type: 'concurrent', limit: 5 }] }, async () => {
      most = Math.max(most, ++inFlight);
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 100));
      inFlight--;
    });
    const handles = Array.from({ length: 10 }, () => submit());
    await clock.advanceUntil(() => false);
    for (const { response } of handles) expect(await response).toMatchObject({ status: 'completed' });
    expect(most).toBe(5);
    expect(clock.now()).toBe(200);
  });

  it('A2-2: usage above the estimate is recorded even where it does not fit', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'tpm', limit: 100 }] });
    const handle = submit({ estimatedInputTokens: 90 });
    await clock.settle();
    calls.last.resolve();
    await handle.response;
    manager.updateTokenUsage(MODEL, handle.id, { inputTokens: 150, outputTokens: 0 });
    expect(manager.getQueueInfo(MODEL)).toMatchObject({ rateLimiterUsage: 150, rateLimiters: [{ available: -50 }] });
    submit({ id: 'next' });
    await clock.advance(59_000);
    expect(calls.ids).not.toContain('next');
    await clock.advance(2_000);
    expect(calls.ids).toContain('next');
  });

  it('A2-3: reporting the same usage twice changes nothing', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'tpm', limit: 1_000 }] });
    const handle = submit({ estimatedInputTokens: 100 });
    await clock.settle();
    calls.last.resolve();
    await handle.response;
    for (let i = 0; i < 2; i++) manager.updateTokenUsage(MODEL, handle.id, { inputTokens: 40, outputTokens: 0 });
    expect(manager.getQueueInfo(MODEL).rateLimiterUsage).toBe(40);
  });

  it('A2-4: a refund corrects the charge at its own place in time: usage never falls below what was used', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'tpm', limit: 100 }] });
    const first = submit({ estimatedInputTokens: 100 });
    await clock.settle();
    calls.last.resolve();
    await first.response;
    await clock.advance(50_000);
    manager.updateTokenUsage(MODEL, first.id, { inputTokens: 10, outputTokens: 0 });
    submit({ estimatedInputTokens: 90 });
    await clock.settle();
    calls.last.resolve();
    const stampedAt = clock.now();
    // The first charge and its correction leave the window together, while the second charge is still in it.
    await clock.advance(11_000);
    expect(manager.getQueueInfo(MODEL).rateLimiterUsage).toBe(90);
    submit({ id: 'too-much', estimatedInputTokens: 20 });
    await clock.advance(stampedAt + 59_000 - clock.now());
    expect(calls.ids).not.toContain('too-much');
    expect(manager.getQueueInfo(MODEL).rateLimiterUsage).toBe(90);
  });

  it('A2-5: a request larger than a limit fails at once; what is behind it runs, and shutdown ends', async () => {
    const { manager, submit, calls, clock } = bench({ rateLimiters: [{ type: 'tpm', limit: 10 }] });
    const tooLarge = submit({ estimatedInputTokens: 11 });
    const small = submit({ estimatedInputTokens: 1 });
    expect(await tooLarge.response).toMatchObject({ status: 'failed', reason: 'rejected', code: 'request_too_large' });
    await clock.settle();
    calls.last.resolve();
    expect(await small.response).toMatchObject({ status: 'completed' });
    await manager.shutdownAll();
    expect(clock.now()).toBe(0);
  });

  it('A2-6: who waits for one limit holds nothing of the others, and is stamped when it starts', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [
        { type: 'rpm', limit: 2 },
        { type: 'concurrent', limit: 1 },
      ],
    });
    submit();
    submit();
    await clock.settle();
    expect(manager.getQueueInfo(MODEL).rateLimiters.map(({ usage }) => usage)).toEqual([1, 1]);
    await clock.advance(30_000);
    calls.at(0).resolve();
    await clock.settle();
    calls.at(1).resolve();
    submit();
    submit();
    // The second request occupies its place for a window from its own start, not from when it began to wait.
    await clock.advance(30_000 + 1_500);
    calls.last.resolve();
    await clock.advance(28_000);
    expect(calls.all).toHaveLength(3);
    await clock.advance(3_000);
    expect(calls.all).toHaveLength(4);
  });

  it('A2-7: a caller that stops waiting takes its request along: it consumes no limit and never runs', async () => {
    const { manager, submit, calls, clock } = bench({
      rateLimiters: [
        { type: 'concurrent', limit: 1 },
        { type: 'rpm', limit: 10 },
      ],
    });
    const controller = new AbortController();
    const running = submit();
    await clock.settle();
    const left = submit({ id: 'left', signal: controller.signal });
    await clock.advance(200);
    controller.abort();
    calls.last.resolve();
    await running.response;
    await clock.advance(60_000);
    expect(await left.response).toMatchObject({ reason: 'cancelled' });
    expect(calls.ids).not.toContain('left');
    expect(manager.getQueueInfo(MODEL).rateLimiters[1]?.usage).toBe(1);
  });

  it('A2-8: a processor that raises a cancellation fails its request; the queue goes on', async () => {
    const calls = new Calls();
    let first = true;
    const { submit, clock } = bench({}, (request, context) => {
      if (!first) return calls.processor(request, context);
      first = false;
      throw new DOMException('This operation was aborted', 'AbortError');
    });
    const cancelled = submit();
    expect(await cancelled.response).toMatchObject({ status: 'failed', reason: 'error' });
    const next = submit();
    await clock.settle();
    calls.last.resolve('alive');
    expect(await next.response).toMatchObject({ result: 'alive' });
  });

  it('A2-9: a submit after shutdown is answered', async () => {
    const { manager } = bench();
    await manager.shutdownAll();
    await expect(manager.submitRequest({ modelId: MODEL })).rejects.toMatchObject({ code: 'engine_stopped' });
  });

  it('A2-10: getStatus of a completed request has the result', async () => {
    const { manager, submit } = bench({}, () => ({ answer: 42 }));
    const handle = submit();
    await handle.response;
    expect(manager.getStatus(MODEL, handle.id)).toMatchObject({ status: 'completed', result: { answer: 42 } });
  });
});
