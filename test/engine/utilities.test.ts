import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import * as headgate from '../../src/index.ts';
import { LLMQueueException, QueueTimeout, Timer, version, withTimeout } from '../../src/index.ts';
import { getLogger, setupLogging } from '../../src/observability/logging.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { bench } from './harness.ts';

describe('Timer', () => {
  it('is readable while it runs, and stands still once stopped or disposed of', async () => {
    const clock = new VirtualClock({ startMs: 5_000 });
    const timer = new Timer(clock);
    expect(timer).toMatchObject({ startTime: 5, endTime: undefined, elapsed: 0 });
    await clock.advance(1_500);
    expect(timer.elapsed).toBe(1.5);
    expect(timer.stop()).toBe(1.5);
    await clock.advance(1_000);
    expect(timer.stop()).toBe(1.5);
    expect(timer.endTime).toBe(6.5);
    let disposed: Timer;
    {
      using scoped = new Timer(clock);
      disposed = scoped;
      await clock.advance(250);
    }
    await clock.advance(1_000);
    expect(disposed.elapsed).toBe(0.25);
    expect(new Timer().elapsed).toBeGreaterThanOrEqual(0);
  });
});

describe('withTimeout', () => {
  it('passes a result and an error on, and leaves no timer', async () => {
    const clock = new VirtualClock();
    expect(await withTimeout(() => 5, 1, clock)).toBe(5);
    await expect(withTimeout(() => Promise.reject(new Error('mine')), 1, clock)).rejects.toThrow('mine');
    await expect(
      withTimeout(
        () => {
          throw new Error('at once');
        },
        1,
        clock,
      ),
    ).rejects.toThrow('at once');
    expect(clock.pendingTimers).toBe(0);
  });

  it('aborts its signal and rejects with QueueTimeout when the time is up', async () => {
    const clock = new VirtualClock();
    let signal: AbortSignal | undefined;
    const work = withTimeout(
      (given) => {
        signal = given;
        return new Promise(() => {});
      },
      2,
      clock,
    );
    const caught = work.catch((error: unknown) => error);
    await clock.advance(1_999);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(await caught).toBeInstanceOf(QueueTimeout);
    expect(await caught).toMatchObject({ code: 'queue_timeout', message: expect.stringContaining('2 s') });
    expect(signal?.aborted).toBe(true);
  });
});

describe('version', () => {
  it('is the package’s', () => {
    const { version: expected } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(version).toBe(expected);
  });
});

describe('error classes', () => {
  const exported = new Map<string, unknown>(Object.entries(headgate));
  const details = { requestId: 'r', modelId: 'm', limitType: 'rpm', cost: 2, limit: 1 };
  const every: readonly LLMQueueException[] = [
    new headgate.AttemptTimeout('r', 'm', 1, 5),
    new headgate.DeadlineExceeded('r', 'm', new Date(0)),
    new headgate.DuplicateRequest('r'),
    new headgate.EngineStopped(),
    new headgate.InvalidConfiguration('x'),
    new headgate.InvalidRequest('x'),
    new headgate.ModelNotRegistered('m', []),
    new headgate.ProcessingError('x'),
    new headgate.QueueTimeout('x'),
    new headgate.QueueTimeoutError('r', 'm', 5),
    new headgate.RateLimitExceeded(details),
    new headgate.RateLimitRefused(),
    new headgate.RequestCancelled('r'),
    new headgate.SchedulerQueueFullError('m', 5),
  ];

  it.each(every.map((error) => [error.name, error] as const))(
    '%s is an Error with a code, known across copies of the package',
    (name, error) => {
      expect(error).toBeInstanceOf(Error);
      expect(error).toBeInstanceOf(LLMQueueException);
      expect(error.code).toMatch(/^[a-z_]+$/);
      expect(typeof error.retryable).toBe('boolean');
      expect(LLMQueueException.isInstance(error)).toBe(true);
      expect(exported.get(name)).toBe(error.constructor);
      const fromAnotherCopy = Object.assign(new Error('other'), { [Symbol.for('headgate.error')]: true });
      expect(LLMQueueException.isInstance(fromAnotherCopy)).toBe(true);
      expect(JSON.stringify(error)).toContain(error.code);
    },
  );

  it('have a code each, but for the two ways to name a wait that was too long', () => {
    const codes = every.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length - 1);
  });

  it.each([null, undefined, 5, 'x', {}, new Error('x')])('isInstance(%s) is false', (value) => {
    expect(LLMQueueException.isInstance(value)).toBe(false);
  });

  it('a cancellation for a reason that cannot be shown', async () => {
    const { submit, clock } = bench();
    const controller = new AbortController();
    const handles = [submit({ signal: controller.signal }), submit({ signal: controller.signal })];
    await clock.settle();
    controller.abort(Object.create(null));
    for (const { response } of handles) expect(await response).toMatchObject({ reason: 'cancelled' });
  });
});

describe('headgate/logging', () => {
  function captured(): { destination: Writable; lines: () => Record<string, unknown>[] } {
    const chunks: string[] = [];
    const destination = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(String(chunk));
        done();
      },
    });
    return {
      destination,
      lines: () =>
        chunks
          .join('')
          .trim()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Record<string, unknown>),
    };
  }

  it('getLogger names its lines, keeps the level, and redacts keys and prompts', () => {
    const { destination, lines } = captured();
    setupLogging({ level: 'warn', destination });
    const logger = getLogger('worker');
    logger.info('not written');
    logger.warn({ apiKey: 'sk-1', nested: { authorization: 'Bearer sk-2', deeper: { prompt: 'secret' } }, requestId: 'r' }, 'written');
    expect(lines()).toMatchObject([{ name: 'llm_queue.worker', msg: 'written', requestId: 'r', apiKey: '[redacted]' }]);
    expect(JSON.stringify(lines())).not.toMatch(/sk-|secret/);
  });

  it('writes content only where that was asked for by its dangerous name', () => {
    const { destination, lines } = captured();
    setupLogging({ destination, dangerouslyLogContent: true }).info({ prompt: 'shown' }, 'x');
    expect(lines()).toMatchObject([{ name: 'llm_queue', prompt: 'shown' }]);
  });

  it('is taken by the engine, which hands it to processors', async () => {
    const { destination, lines } = captured();
    setupLogging({ destination });
    const { submit } = bench({}, (_request, context) => context.logger.info({ step: 1 }, 'from the processor'), {
      logger: getLogger('app'),
    });
    await submit().response;
    expect(lines()).toMatchObject([{ name: 'llm_queue.app', msg: 'from the processor', step: 1 }]);
    setupLogging({ level: 'silent' });
  });
});
