/** Entry `headgate/redis` (Node): limits in a Redis server; needs the package `ioredis`. */
export { StoreUnavailable } from '../../domain/store-errors.ts';
export type { UserLimitDecision, UserLimitStore } from '../../domain/user-limit-store.ts';
export { UserLimitsWithFallback, type UserLimitsWithFallbackOptions } from '../user-limits-with-fallback.ts';
export type { RedisOptions } from './redis-connection.ts';
export { RedisUserRateLimitStoreAdapter } from './redis-user-limits.ts';
