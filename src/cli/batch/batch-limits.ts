import type { ModelConfig } from '../../config/model-config.ts';
import { defaultCountedWithinMs, defaultWindowMs } from '../../limits/create-limiter.ts';
import type { EndpointOptions, LimitFlag } from './batch-options.ts';
import type { WindowLimit } from './sent-ledger.ts';

/** All models of a batch share the number of calls at once. */
const CONCURRENCY_DOMAIN = 'batch';

/** The window limits of one model. */
export function windowLimits(model: string, options: EndpointOptions): WindowLimit[] {
  return options.limits.map(({ type, limit }) => {
    const windowMs = windowOf({ type, limit }, options);
    // What counts until the end of an attempt counts no longer than an attempt may take.
    const countedWithinMs = Math.min(
      options.countedWithinMs ?? defaultCountedWithinMs(type, windowMs),
      options.attemptTimeoutSeconds * 1000,
    );
    return { model, type, limit, windowMs, countedWithinMs };
  });
}

/** The queue of one model. OpenAI gives nothing back of what it charged at admission, so no limit refunds. */
export function modelConfig(model: string, options: EndpointOptions): ModelConfig {
  const windows = options.limits.map(({ type, limit }) => ({
    type,
    limit,
    timePeriod: windowOf({ type, limit }, options) / 1000,
    refund: false,
    ...(options.countedWithinMs === undefined ? {} : { countedWithinMs: options.countedWithinMs }),
  }));
  return {
    modelId: model,
    rateLimiters: [...windows, { type: 'concurrent', limit: options.concurrency, domain: CONCURRENCY_DOMAIN }],
    retry: { maxAttempts: options.maxAttempts },
    attemptTimeoutSeconds: options.attemptTimeoutSeconds,
  };
}

function windowOf({ type }: LimitFlag, { windowSeconds }: EndpointOptions): number {
  return windowSeconds === undefined || type === 'rpd' || type === 'tpd' ? defaultWindowMs(type) : windowSeconds * 1000;
}
