import { describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import type { Logger, LogMethod } from '../../src/domain/logger.ts';
import { LoggingMiddleware } from '../../src/middleware/logging-middleware.ts';
import { MetricsMiddleware } from '../../src/middleware/metrics-middleware.ts';
import { isChatStream, type Next } from '../../src/middleware/middleware.ts';
import { MiddlewareChain } from '../../src/middleware/middleware-chain.ts';
import { RateLimitMiddleware } from '../../src/middleware/rate-limit-middleware.ts';
import { RetryMiddleware } from '../../src/middleware/retry-middleware.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { answer, context, gather, question, streamed, streamOf } from './harness.ts';

function recorder(): { readonly logger: Logger; readonly lines: { level: string; message: string | undefined; fields: object }[] } {
  const lines: { level: string; message: string | undefined; fields: object }[] = [];
  const at =
    (level: string): LogMethod =>
    (fields, message) =>
      void lines.push({ level, message, fields });
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

describe('LoggingMiddleware', () => {
  it('tells request and response in numbers, without what was said', async () => {
    const { logger, lines } = recorder();
    const clock = new VirtualClock();
    const chain = new MiddlewareChain().add(new LoggingMiddleware({ clock }));
    const slow: Next = async () => {
      await clock.advance(1_500);
      return answer();
    };

    await chain.execute({ ...question, temperature: 0, maxTokens: 5 }, slow, context({ logger, attempt: 2 }));

    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['info', 'LLM request'],
      ['info', 'LLM response'],
    ]);
    expect(lines[0]?.fields).toMatchObject({ requestId: 'r-1', messageCount: 1, temperature: 0, maxTokens: 5, stream: false });
    expect(lines[1]?.fields).toMatchObject({ durationMs: 1_500, usage: { totalTokens: 9 }, tokensPerSecond: 2, retries: 1 });
    expect(JSON.stringify(lines)).not.toMatch(/deep|metres/);
  });

  it('shows shortened content where it is asked to, and logs errors', async () => {
    const { logger, lines } = recorder();
    const chain = new MiddlewareChain().add(new LoggingMiddleware({ logger, includeContent: true, maxContentLength: 8 }));
    await chain.execute(question, async () => answer(), context());
    const failure = chain.execute(question, async () => Promise.reject(new TypeError('no such gate')), context());

    await expect(failure).rejects.toThrow('no such gate');
    expect(lines[0]?.fields).toMatchObject({ preview: ['user: How deep...'] });
    expect(lines[1]?.fields).toMatchObject({ preview: 'Four met...' });
    expect(lines[3]).toMatchObject({ level: 'error', fields: { errorType: 'TypeError', errorMessage: 'no such ...' } });
  });

  it('logs only what its options leave on, and a logger that throws breaks nothing', async () => {
    const { logger, lines } = recorder();
    const quiet = new MiddlewareChain().add(new LoggingMiddleware({ logger, logRequests: false, logResponses: false, logErrors: false }));
    await quiet.execute(question, async () => answer(), context());
    await quiet.execute(question, async () => Promise.reject(new Error('x')), context()).catch(() => {});
    expect(lines).toEqual([]);

    const throwing = () => {
      throw new Error('disk full');
    };
    const broken = { debug: throwing, info: throwing, warn: throwing, error: throwing };
    await expect(
      new MiddlewareChain().add(new LoggingMiddleware()).execute(question, async () => answer(), context({ logger: broken })),
    ).resolves.toBeDefined();
  });
});

describe('MetricsMiddleware', () => {
  it('counts successes, failures, retries, tokens and time, in all and by provider and model', async () => {
    const clock = new VirtualClock();
    const metrics = new MetricsMiddleware({ clock });
    const chain = new MiddlewareChain().add(metrics);
    const taking =
      (ms: number, act: Next): Next =>
      async (request) => {
        await clock.advance(ms);
        return act(request);
      };
    expect(metrics.getMetrics()).toMatchObject({ totalRequests: 0, avgLatency: 0, successRate: 0 });

    await chain.execute(
      question,
      taking(100, async () => answer()),
      context(),
    );
    await chain.execute(
      question,
      taking(300, async () => answer()),
      context({ attempt: 3, model: 'other' }),
    );
    await chain
      .execute(
        question,
        taking(200, async () => Promise.reject(new RangeError('x'))),
        context(),
      )
      .catch(() => {});

    const all = metrics.getMetrics();
    expect(all).toMatchObject({
      totalRequests: 3,
      successfulRequests: 2,
      failedRequests: 1,
      retries: 2,
      avgLatency: 200,
      minLatency: 100,
      maxLatency: 300,
      promptTokens: 12,
      completionTokens: 6,
      totalTokens: 18,
      errorsByType: { RangeError: 1 },
    });
    expect(all.successRate).toBeCloseTo(2 / 3);
    expect(all.byProvider['anthropic']).toMatchObject({ totalRequests: 3 });
    expect(all.byModel['other']).toMatchObject({ totalRequests: 1, avgLatency: 300, successRate: 1 });
  });

  it('counts streams by their usage, and those that were left as cancelled', async () => {
    const metrics = new MetricsMiddleware({ enablePerProviderMetrics: false });
    const chain = new MiddlewareChain().add(metrics);
    const start = async () => {
      const made = await chain.execute(streamed, async () => streamOf(['a', 'b']), context());
      if (!isChatStream(made)) throw new Error('expected a stream');
      return made;
    };
    await gather(await start());
    for await (const _ of await start()) break;

    expect(metrics.getMetrics()).toMatchObject({
      totalRequests: 2,
      successfulRequests: 1,
      cancelledRequests: 1,
      totalTokens: 9,
      successRate: 1,
      byModel: {},
    });
  });

  it('starts again from nothing; what was running then is not counted', async () => {
    const metrics = new MetricsMiddleware();
    const chain = new MiddlewareChain().add(metrics);
    await chain.execute(
      question,
      async () => {
        metrics.resetMetrics();
        return answer();
      },
      context(),
    );

    expect(metrics.getMetrics()).toMatchObject({ totalRequests: 0, successfulRequests: 0, byProvider: {} });
  });
});

describe('RetryMiddleware', () => {
  it('tells the queue how to try again: 4 attempts, 1 s, 60 s, twice as long', () => {
    expect(new RetryMiddleware().settings).toEqual({ maxAttempts: 4, baseDelayMs: 1_000, maxDelayMs: 60_000, factor: 2 });
    expect(new RetryMiddleware({ maxRetries: 0, baseDelay: 0.5, maxDelay: 2, exponentialBase: 3 }).settings).toEqual({
      maxAttempts: 1,
      baseDelayMs: 500,
      maxDelayMs: 2_000,
      factor: 3,
    });
  });

  it.each([{ maxRetries: -1 }, { maxRetries: 1.5 }, { baseDelay: Number.NaN }, { maxDelay: -1 }, { exponentialBase: 0.5 }])(
    'refuses %o',
    (options) => {
      expect(() => new RetryMiddleware(options)).toThrow(InvalidConfiguration);
    },
  );
});

describe('RateLimitMiddleware', () => {
  it('tells the queue its limits', () => {
    const { limits } = new RateLimitMiddleware({
      requestsPerMinute: 1,
      inputTokensPerMinute: 2,
      outputTokensPerMinute: 3,
      totalTokensPerMinute: 4,
      rateLimiters: [{ type: 'concurrent', limit: 5 }],
    });
    expect(limits.map(({ type, limit }) => [type, limit])).toEqual([
      ['rpm', 1],
      ['itpm', 2],
      ['otpm', 3],
      ['tpm', 4],
      ['concurrent', 5],
    ]);
  });

  it.each([{}, { requestsPerMinute: 0 }, { totalTokensPerMinute: 1.5 }])('refuses %o', (options) => {
    expect(() => new RateLimitMiddleware(options)).toThrow(InvalidConfiguration);
  });
});
