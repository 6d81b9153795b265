import { createLimiter, type LimiterOptions } from '../../src/limits/create-limiter.ts';
import type { Limiter } from '../../src/limits/limiter.ts';

export const LIMIT = 100;

/** Every way in which a limit can be kept; each is held to the same contract. */
export const kinds: Readonly<Record<string, LimiterOptions>> = {
  'sliding window': { type: 'tpm', limit: LIMIT, windowMs: 1_000, countedWithinMs: 50 },
  'sliding window in slots': { type: 'tpd', limit: LIMIT, windowMs: 1_440_000, countedWithinMs: 50 },
  'sub-window': { type: 'tpm', limit: LIMIT, windowMs: 1_000, subWindowMs: 500, countedWithinMs: 50 },
  'token bucket': { type: 'tpm', limit: LIMIT, windowMs: 1_000, algorithm: 'token-bucket', countedWithinMs: 50 },
  'token bucket of a stated size': {
    type: 'tpm',
    limit: LIMIT,
    windowMs: 1_000,
    algorithm: 'token-bucket',
    burst: 57,
    countedWithinMs: 50,
  },
  'calendar day': { type: 'tpd', limit: LIMIT, algorithm: 'calendar-day', timeZone: 'America/Los_Angeles', countedWithinMs: 50 },
  'output counted to the end': { type: 'otpm', limit: LIMIT, windowMs: 1_000 },
  'calls at once': { type: 'concurrent', limit: LIMIT },
};

/** After so long nothing that was counted is left in any of them. */
export const LONG_MS = 4 * 86_400_000;

/** Noon in Los Angeles, four days before a day of 25 hours. */
const STARTS_AT = Date.parse('2026-10-28T19:00:00Z');

/** A limiter and the time it is told. */
export class Bench {
  now = 1_000;
  readonly limiter: Limiter;
  readonly isConcurrent: boolean;

  constructor(options: LimiterOptions) {
    this.limiter = createLimiter(options, this.now, () => STARTS_AT + this.now);
    this.isConcurrent = options.type === 'concurrent';
  }

  pass(ms: number): void {
    this.now += ms;
  }

  get used(): number {
    return this.limiter.used(this.now);
  }

  fits(cost: number): boolean {
    return this.limiter.fits(cost, this.now);
  }

  nextFreeAt(cost: number): number {
    return this.limiter.nextFreeAt(cost, this.now);
  }
}
