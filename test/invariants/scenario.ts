import fc from 'fast-check';
import type { RateLimiterConfig } from '../../src/index.ts';

/** What becomes of one call of the processor. Milliseconds count from the moment the call is on the wire. */
export interface CallPlan {
  readonly outcome: 'returned' | 'failed' | 'retryable' | 'threw' | 'refused' | 'never';
  /** How long it takes to get on the wire; undefined: the processor doesn't say. */
  readonly connectMs: number | undefined;
  /** When the response starts, if the processor says so. */
  readonly headersMs: number | undefined;
  /** When it is over. */
  readonly endMs: number;
  /** Where between the write and the last possible moment the provider counts it: 0 to 1. */
  readonly countedAt: number;
  /** Share of the estimate that was really used; undefined: nobody tells. */
  readonly used: number | undefined;
}

export interface RequestPlan {
  readonly model: number;
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly priority: number;
  readonly tenant: string;
  readonly dedupeKey: string | undefined;
  readonly cancelMs: number | undefined;
  readonly deadlineMs: number | undefined;
  /** Calls after these succeed. */
  readonly calls: readonly CallPlan[];
}

export interface ModelPlan {
  readonly limits: readonly RateLimiterConfig[];
  readonly lookAhead: number;
  readonly maxAttempts: number;
  readonly attemptTimeoutMs: number;
  readonly waitMs: number | undefined;
}

export interface Scenario {
  readonly models: readonly ModelPlan[];
  readonly requests: readonly RequestPlan[];
}

const WINDOW_TYPES = ['rpm', 'tpm', 'itpm', 'otpm'] as const;

function limitOf(type: (typeof WINDOW_TYPES)[number], domain?: string): fc.Arbitrary<RateLimiterConfig> {
  return fc
    .record({
      limit: type === 'rpm' ? fc.integer({ min: 1, max: 8 }) : fc.integer({ min: 20, max: 120 }),
      timePeriod: fc.constantFrom(0.05, 0.1, 0.3),
      algorithm: fc.constantFrom('sliding-window' as const, 'sliding-window' as const, 'sub-window' as const, 'token-bucket' as const),
      burst: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
      countedWithinMs: fc.constantFrom(0, 5, 20, 40),
      refund: fc.boolean(),
    })
    .map(({ limit, timePeriod, algorithm, burst, countedWithinMs, refund }) => ({
      type,
      limit,
      timePeriod,
      refund,
      ...(type !== 'otpm' && { countedWithinMs }),
      ...(algorithm === 'token-bucket' && { algorithm, ...(burst !== undefined && { burst: Math.min(burst, limit) }) }),
      ...(algorithm === 'sub-window' && limit > 3 && { subWindowSeconds: timePeriod / 2 }),
      ...(domain !== undefined && { domain }),
    }));
}

const concurrent = (domain?: string): fc.Arbitrary<RateLimiterConfig> =>
  fc.integer({ min: 1, max: 4 }).map((limit) => ({ type: 'concurrent', limit, ...(domain !== undefined && { domain }) }));

const anyLimit = (domain?: string): fc.Arbitrary<RateLimiterConfig> =>
  fc.oneof(
    { arbitrary: fc.constantFrom(...WINDOW_TYPES).chain((type) => limitOf(type, domain)), weight: 4 },
    { arbitrary: concurrent(domain), weight: 1 },
  );

const limitsOf = (domain: string | undefined, minLength: number): fc.Arbitrary<RateLimiterConfig[]> =>
  fc.uniqueArray(anyLimit(domain), { minLength, maxLength: 2, selector: (limit) => limit.type });

export interface ScenarioOptions {
  readonly outcomes?: readonly CallPlan['outcome'][];
  readonly maxModels?: number;
  readonly maxRequests?: number;
  readonly lookAheads?: readonly number[];
  readonly dedupe?: boolean;
  readonly cancels?: boolean;
  readonly tenants?: readonly string[];
  readonly priorities?: readonly number[];
  readonly maxAttempts?: number;
}

const ALL_OUTCOMES = ['returned', 'returned', 'returned', 'failed', 'retryable', 'threw', 'refused', 'never'] as const;

function callOf(outcomes: readonly CallPlan['outcome'][]): fc.Arbitrary<CallPlan> {
  return fc.record({
    outcome: fc.constantFrom(...outcomes),
    connectMs: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
    headersMs: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
    endMs: fc.integer({ min: 0, max: 120 }),
    countedAt: fc.constantFrom(0, 0, 0.5, 1, 1),
    used: fc.option(fc.constantFrom(0, 0.3, 1), { nil: undefined }),
  });
}

/** Small worlds: up to three models, their own and shared limits, a dozen requests within some windows. */
export function scenarios(options: ScenarioOptions = {}): fc.Arbitrary<Scenario> {
  const {
    outcomes = ALL_OUTCOMES,
    maxModels = 3,
    maxRequests = 14,
    lookAheads = [0, 4, 32],
    tenants = ['', 'a', 'b'],
    priorities = [0, 0, 0, -3, 5],
  } = options;
  const never = fc.constant(undefined);
  const model = fc.record({
    own: limitsOf(undefined, 0),
    lookAhead: fc.constantFrom(...lookAheads),
    maxAttempts: fc.integer({ min: 1, max: options.maxAttempts ?? 3 }),
    attemptTimeoutMs: fc.constantFrom(80, 400),
    waitMs: options.cancels === false ? never : fc.option(fc.constantFrom(50, 400), { nil: undefined, freq: 6 }),
  });
  return fc
    .record({ shared: limitsOf('shared', 1), models: fc.array(model, { minLength: 1, maxLength: maxModels }) })
    .chain(({ shared, models }) =>
      fc.record({
        models: fc.constant(models.map(({ own, ...rest }): ModelPlan => ({ ...rest, limits: [...shared, ...own] }))),
        requests: fc.array(
          fc.record({
            model: fc.nat(models.length - 1),
            atMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
            inputTokens: fc.integer({ min: 0, max: 25 }),
            outputTokens: fc.integer({ min: 0, max: 15 }),
            priority: fc.constantFrom(...priorities),
            tenant: fc.constantFrom(...tenants),
            dedupeKey: options.dedupe ? fc.option(fc.constantFrom('k', 'l'), { nil: undefined }) : never,
            cancelMs: options.cancels === false ? never : fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined, freq: 5 }),
            deadlineMs: options.cancels === false ? never : fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined, freq: 8 }),
            calls: fc.array(callOf(outcomes), { minLength: 1, maxLength: 3 }),
          }),
          { minLength: 1, maxLength: maxRequests },
        ),
      }),
    );
}
