import type { Placed } from './attempt.ts';
import type { RequestRecord } from './request-record.ts';

/** A request that has room in every limiter of a route and may start there now. */
export interface Admitted extends Placed {
  readonly record: RequestRecord;
}

/** What one look at the queue decided. */
export interface Pass {
  readonly now: number;
  readonly admitted: readonly Admitted[];
  /** Requests that can never fit a limit. */
  readonly misfits: readonly RequestRecord[];
  /** Requests that no deployment is left for. */
  readonly stranded: readonly RequestRecord[];
}
