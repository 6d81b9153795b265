/**
 * One attempt's place in one limiter. It is `in-flight` from the reservation until the provider has surely
 * counted it, then `counted` in the limiter's meters, or `released` when nothing was or will be counted.
 */
export interface Hold {
  cost: number;
  state: 'in-flight' | 'counted' | 'released';
  /** When the provider has counted it at the latest; Infinity: only the attempt itself can tell. */
  dueAt: number;
  /** The entries that stand for it in the limiter's meters, once counted. */
  entries: number[] | undefined;
}
