import { validateOptions } from '../config/validate.ts';
import { InvalidConfiguration, textOf } from '../domain/errors.ts';
import { Middleware } from './middleware.ts';

export interface RetryOptions {
  /** Attempts after the first; default 3. */
  readonly maxRetries?: number;
  /** First wait in seconds; default 1. */
  readonly baseDelay?: number;
  /** Longest wait in seconds; default 60. */
  readonly maxDelay?: number;
  /** Growth of the wait; default 2. */
  readonly exponentialBase?: number;
}

/** How the engine tries again. */
export interface RetrySettings {
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly factor: number;
}

/**
 * Says how often the client's queue tries a failed call again. It does nothing itself: the queue's own retries run the
 * inner chain again, reserve the limits again, keep to `retry-after`, and never repeat what may not be repeated. Each
 * wait is anywhere between 0 and the grown one. Refusals are no failures: they wait without using an attempt.
 */
export class RetryMiddleware extends Middleware {
  readonly settings: RetrySettings;

  /** Throws `InvalidConfiguration` for an option that is no number ≥ 0, or a base below 1. */
  constructor(options: RetryOptions = {}) {
    super();
    validateOptions('RetryMiddleware', options);
    const { maxRetries = 3, baseDelay = 1, maxDelay = 60, exponentialBase = 2 } = options;
    if (!Number.isInteger(maxRetries) || maxRetries < 0) refuse('maxRetries', maxRetries, 'a whole number ≥ 0');
    if (!isAtLeast(baseDelay, 0)) refuse('baseDelay', baseDelay, 'seconds ≥ 0');
    if (!isAtLeast(maxDelay, 0)) refuse('maxDelay', maxDelay, 'seconds ≥ 0');
    if (!isAtLeast(exponentialBase, 1)) refuse('exponentialBase', exponentialBase, 'a factor ≥ 1');
    this.settings = {
      maxAttempts: maxRetries + 1,
      baseDelayMs: baseDelay * 1000,
      maxDelayMs: maxDelay * 1000,
      factor: exponentialBase,
    };
  }
}

function isAtLeast(value: unknown, least: number): boolean {
  return typeof value === 'number' && value >= least;
}

function refuse(path: string, value: unknown, expected: string): never {
  throw new InvalidConfiguration(`RetryMiddleware: '${path}' is ${textOf(value)}: expected ${expected}.`, path);
}
