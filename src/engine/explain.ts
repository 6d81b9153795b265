import type { RequestStatus } from '../domain/request-status.ts';
import { counted } from '../lib/counted.ts';
import type { ModelQueue } from './model-queue.ts';
import type { UnsettledResponse } from './queue-response.ts';
import type { RequestRecord } from './request-record.ts';
import { unsettledResponse } from './settlement.ts';
import { type WaitCause, type WaitingFor, waitCause } from './wait-cause.ts';

/** Why a request has not started. */
export interface Explanation {
  readonly status: RequestStatus;
  /** Place in line by order key, 1 = next; 0 when it is not in line. */
  readonly position: number;
  /** What keeps it, for a program. */
  readonly waitingFor: WaitingFor;
  /** The same in words, with every deployment that takes no calls: until when, and after which error; null: nothing. */
  readonly reason: string | null;
  /** Epoch milliseconds at which its limits let it start as far as is known, if nobody is ahead; null when that is unknown or it has started. */
  readonly earliestStart: number | null;
}

/** Explains a live request. Costs O(pending) for the position. */
export function explain(queue: ModelQueue, asked: RequestRecord): Explanation {
  const record = asked.leader;
  const { status } = asked;
  if (status !== 'pending') return { status, position: 0, waitingFor: null, reason: null, earliestStart: null };
  const cause = waitCause(queue, record);
  const position = cause.waitingFor === 'backoff' ? 0 : positionOf(queue, record);
  return { status, position, ...shownAt(queue, cause, position) };
}

/** What is known of a live request, and what it waits for where that is more than its turn. */
export function liveResponse(queue: ModelQueue, record: RequestRecord): UnsettledResponse {
  const waitsFor = record.status === 'pending' ? waitCause(queue, record.leader).reason : undefined;
  return { ...unsettledResponse(record), waitsFor };
}

function positionOf({ dispatcher }: ModelQueue, record: RequestRecord): number {
  let position = 1;
  for (const other of dispatcher.queue.values()) {
    if (other.key < record.key || (other.key === record.key && other.seq < record.seq)) position++;
  }
  return position;
}

function shownAt({ clock }: ModelQueue, { waitingFor, reason, at }: WaitCause, position: number) {
  const earliestStart = at === Number.POSITIVE_INFINITY ? null : clock.wallMs() + (at - clock.now());
  const ahead = position - 1;
  const turn = waitingFor === 'turn' ? `its turn; ${counted(ahead, 'request is', 'requests are')} ahead` : null;
  return { waitingFor, reason: reason ?? turn, earliestStart };
}
