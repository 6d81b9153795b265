import type { Clock } from '../../domain/clock.ts';
import { StoreUnavailable } from '../../domain/store-errors.ts';
import type { UserLimitDecision, UserLimitStore } from '../../domain/user-limit-store.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { RedisConnection, type RedisOptions, redisScript } from './redis-connection.ts';

/**
 * A list of moments in µs by the server's clock, oldest first; never more than the limit. Numbers are written with %.0f: Lua's own
 * way to write them has 14 digits, and these have 16. What comes too late counts for nothing: a server that hung finds commands that
 * nobody waits for any more. Each answer ends with the server's time.
 */
const CHECK_AND_ADD = redisScript(`
local limit, window, latest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local clock = string.format('%.0f', now)
if now > latest then return {2, 0, '0', clock} end
local newest = tonumber(redis.call('LINDEX', KEYS[1], -1) or 0)
if newest > now then now = newest end
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) + window <= now do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local used = redis.call('LLEN', KEYS[1])
if used >= limit then
  local leaving = tonumber(redis.call('LINDEX', KEYS[1], used - limit))
  return {0, used, string.format('%.0f', leaving + window - now), clock}
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000) + 1)
return {1, used + 1, '0', clock}
`);

const TOO_LATE = 2;
const PREFIX = 'headgate:users:';

/**
 * User limits in Redis (package `ioredis`): an exact sliding window for each user, counted by the server's clock in one atomic script,
 * so that any number of processes share them. A request counts for exactly one window; refused ones don't count. A user costs some
 * ten bytes for each request in the window, and nothing once it is empty. Where the server is down it rejects with `StoreUnavailable`:
 * `UserLimitsWithFallback` goes on without it.
 */
export class RedisUserRateLimitStoreAdapter implements UserLimitStore {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #clock: Clock;
  /** What the server's clock is ahead of ours, in ms, as seen when an answer came quickest; undefined: not known. */
  #aheadMs: number | undefined;

  /** Throws `InvalidConfiguration`. */
  constructor(options: RedisOptions) {
    this.#connection = new RedisConnection(options);
    this.#prefix = options.prefix ?? PREFIX;
    this.#clock = options.clock ?? systemClock;
  }

  /** Resolves once the server answers. */
  connect(): Promise<void> {
    return this.#connection.connect();
  }

  disconnect(): Promise<void> {
    return this.#connection.close();
  }

  async checkAndAddRequest(userId: string, limit: number, _nowMs: number, windowSeconds: number): Promise<UserLimitDecision> {
    const windowMicros = Math.round(windowSeconds * 1_000_000);
    const answer = await this.#connection.run(CHECK_AND_ADD, [`${this.#prefix}${userId}`], [limit, windowMicros, this.#latest()]);
    const [allowed, used, micros, serverMicros] = answer as [number, number, string, string];
    this.#aheadMs = Math.max(this.#aheadMs ?? Number.NEGATIVE_INFINITY, Number(serverMicros) / 1000 - this.#clock.now());
    if (allowed === TOO_LATE)
      throw new StoreUnavailable(this.#connection.name, 'it came to a command when nobody waited for that any more');
    return allowed === 1 ? { allowed: true, used } : { allowed: false, used, remaining: Number(micros) / 1_000_000 };
  }

  /** Until when an answer is waited for, in µs of the server's clock. */
  #latest(): string {
    if (this.#aheadMs === undefined) return '1e300';
    return String(Math.ceil((this.#clock.now() + this.#aheadMs + this.#connection.commandTimeoutMs) * 1000));
  }
}
