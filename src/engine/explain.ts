import type { RateLimiterType } from '../domain/limit-types.ts';
import type { RequestStatus } from '../domain/request-status.ts';
import type { ModelQueue } from './model-queue.ts';
import type { RequestRecord } from './request-record.ts';

/** Why a request has not started. */
export interface Explanation {
  readonly status: RequestStatus;
  /** Place in line by order key, 1 = next; 0 when it is not in line. */
  readonly position: number;
  /**
   * The limiter that has no room for it; `slot`: every place for concurrent calls is taken; `turn`: others are
   * ahead, the queue is paused, or the provider refused and no limit of ours is to blame; `backoff`: between two
   * attempts; null: nothing, it starts now or has started.
   */
  readonly waitingFor:
    | { readonly limiter: string; readonly type: RateLimiterType; readonly domain?: string | undefined }
    | 'turn'
    | 'slot'
    | 'backoff'
    | null;
  /** Epoch milliseconds at which its limits let it start as far as is known, if nobody is ahead; null when that is unknown or it has started. */
  readonly earliestStart: number | null;
}

/** Explains a live request. Costs O(pending) for the position. */
export function explain(queue: ModelQueue, asked: RequestRecord): Explanation {
  const record = asked.leader;
  const { status } = asked;
  if (status !== 'pending') return { status, position: 0, waitingFor: null, earliestStart: null };
  const { clock, dispatcher } = queue;
  const now = clock.now();
  const toWall = (at: number): number | null => (at === Number.POSITIVE_INFINITY ? null : clock.wallMs() + (at - now));
  if (record.backoffAlarm !== undefined) {
    return { status, position: 0, waitingFor: 'backoff', earliestStart: toWall(record.backoffAlarm.at) };
  }
  let position = 1;
  for (const other of dispatcher.queue.values()) {
    if (other.key < record.key || (other.key === record.key && other.seq < record.seq)) position++;
  }
  const paced = dispatcher.queue.backloggedTenants > 1;
  const { at, blocking } = dispatcher.choice.outlook(record, now, paced);
  const earliestStart = queue.paused ? null : toWall(at);
  if (queue.paused) return { status, position, waitingFor: 'turn', earliestStart };
  if (blocking === undefined) {
    const next = dispatcher.queue.head() === record && at <= now;
    return { status, position, waitingFor: next ? null : 'turn', earliestStart };
  }
  const { type, domain } = blocking.limiter;
  return { status, position, waitingFor: type === 'concurrent' ? 'slot' : { limiter: blocking.id, type, domain }, earliestStart };
}
