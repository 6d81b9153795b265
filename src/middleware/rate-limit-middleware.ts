import { parseRateLimiterConfig, type RateLimiterConfig } from '../config/rate-limiter-config.ts';
import { validateOptions } from '../config/validate.ts';
import { InvalidConfiguration } from '../domain/errors.ts';
import { Middleware } from './middleware.ts';

export interface RateLimitOptions {
  readonly requestsPerMinute?: number;
  readonly inputTokensPerMinute?: number;
  readonly outputTokensPerMinute?: number;
  /** Input and output together. */
  readonly totalTokensPerMinute?: number;
  /** Any other limit, as in a model's configuration. */
  readonly rateLimiters?: readonly RateLimiterConfig[];
}

/**
 * Adds limits to a client, over all its keys together and beside each key's own. It does nothing itself: the client's
 * queue keeps the limits, so whatever they don't admit waits, and nothing passes them by.
 */
export class RateLimitMiddleware extends Middleware {
  readonly limits: readonly RateLimiterConfig[];

  /** Throws `InvalidConfiguration` without any limit, or for a limit that is no whole number > 0. */
  constructor(options: RateLimitOptions) {
    super();
    validateOptions('RateLimitMiddleware', options);
    const { requestsPerMinute, inputTokensPerMinute, outputTokensPerMinute, totalTokensPerMinute, rateLimiters = [] } = options;
    if (!Array.isArray(rateLimiters))
      throw new InvalidConfiguration("RateLimitMiddleware: 'rateLimiters': expected a list of limits.", 'rateLimiters');
    const perMinute = [
      ...(requestsPerMinute === undefined ? [] : [{ type: 'rpm', limit: requestsPerMinute }]),
      ...(inputTokensPerMinute === undefined ? [] : [{ type: 'itpm', limit: inputTokensPerMinute }]),
      ...(outputTokensPerMinute === undefined ? [] : [{ type: 'otpm', limit: outputTokensPerMinute }]),
      ...(totalTokensPerMinute === undefined ? [] : [{ type: 'tpm', limit: totalTokensPerMinute }]),
    ];
    this.limits = [...perMinute, ...rateLimiters].map(parseRateLimiterConfig);
    if (this.limits.length === 0) throw new InvalidConfiguration('RateLimitMiddleware: expected at least one limit.');
  }
}
