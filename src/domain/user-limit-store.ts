/** What a store says of one more request of a user. */
export interface UserLimitDecision {
  /** True: it was counted. False: nothing was. */
  readonly allowed: boolean;
  /** Seconds until one more request fits, exact; undefined where it was allowed. */
  readonly remaining?: number | undefined;
  /** Requests that count now, this one too where it was allowed; undefined where the store doesn't say. */
  readonly used?: number | undefined;
}

/** Counts the requests of each user in a sliding window. Its methods may be async or not. */
export interface UserLimitStore {
  connect(): Promise<void> | void;
  disconnect(): Promise<void> | void;
  /**
   * Counts one more request of `userId` where fewer than `limit` were counted in the `windowSeconds` before `nowMs`;
   * check and count are one step, so that no two callers get the last place.
   * @param nowMs epoch milliseconds that never go back while the process runs
   */
  checkAndAddRequest(userId: string, limit: number, nowMs: number, windowSeconds: number): Promise<UserLimitDecision> | UserLimitDecision;
}
