import { describe, expect, it } from 'vitest';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';
import { type Bench, bench, MODEL } from './harness.ts';

const broken = () => Object.assign(new Error('bad gateway'), { status: 502 });
const unwritable = () => new ProviderFailure({ message: 'no JSON', code: 'invalid_request', retryable: false });

/** A deployment whose circuit is open, and whose rest is over. */
async function dueForProbe(): Promise<Bench> {
  const b = bench({ deployments: [{ id: 'a', circuit: { failuresInARow: 1 } }] });
  b.submit();
  await b.clock.settle();
  b.calls.last.reject(broken());
  await b.clock.advance(60_000);
  return b;
}

const deployment = ({ manager }: Bench) => manager.getQueueInfo(MODEL).deployments[0];

describe('a probe that sends nothing', () => {
  it.each<[string, (b: Bench) => void]>([
    ['fails for good', ({ calls }) => calls.last.reject(unwritable())],
    ['has its answer from a cache', ({ calls }) => calls.last.resolve('remembered')],
  ])('and %s decides nothing: the next call probes', async (_what, end) => {
    const b = await dueForProbe();
    b.submit();
    await b.clock.settle();
    const written = b.calls.last.context.deferSend();
    end(b);
    await b.clock.settle();
    expect(deployment(b)).toMatchObject({ circuit: 'half-open', failures: 1, latencyMs: null });
    b.submit();
    b.submit();
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(3);
    written();
    b.calls.last.resolve();
    await b.clock.settle();
    expect(deployment(b)).toMatchObject({ circuit: 'closed', failures: 0 });
  });

  it('is told from one that was sent, or answered, and then fails for its own sake', async () => {
    for (const tell of [
      ({ calls }: Bench) => calls.last.context.deferSend()(),
      ({ calls }: Bench) => void calls.last.context.deferSend(),
    ]) {
      const b = await dueForProbe();
      b.submit();
      await b.clock.settle();
      tell(b);
      b.calls.last.context.responseStarted();
      b.calls.last.reject(unwritable());
      await b.clock.settle();
      expect(deployment(b)).toMatchObject({ circuit: 'closed', failures: 0 });
    }
  });
});

describe('a call whose answer is being delivered', () => {
  const config = {
    deployments: [
      { id: 'a', circuit: { failuresInARow: 1 } },
      { id: 'b', circuit: { failuresInARow: 1 } },
    ],
    retry: { maxAttempts: 5, baseDelayMs: 1 },
    attemptTimeoutSeconds: 5,
  };

  it.each<[string, (b: Bench) => unknown, string]>([
    ['takes too long', ({ clock }) => clock.advance(5_000), 'attempt_timeout'],
    ['breaks', ({ calls }) => calls.last.reject(broken()), 'processing_error'],
    ['is refused', ({ calls }) => calls.last.reject(Object.assign(new Error('slow'), { status: 429 })), 'processing_error'],
  ])('and that %s is over: it is not tried again, and stays in no line', async (_what, end, code) => {
    const b = bench(config);
    const handle = b.submit();
    await b.clock.settle();
    b.calls.last.context.responseStarted();
    b.calls.last.context.deliveryStarted();
    await end(b);
    await b.clock.settle();
    expect(await handle.response).toMatchObject({ status: 'failed', code, attempts: 1 });
    expect(b.manager.getQueueInfo(MODEL)).toMatchObject({ queueSize: 0, processing: 0, waitsFor: null });
    await b.clock.advance(120_000);
    expect(b.calls.all).toHaveLength(1);
  });
});
