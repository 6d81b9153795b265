import type { QueueRequest } from './queue-request.ts';
import type { RequestRecord } from './request-record.ts';

/** Live calls that others may join: equal keys of one tenant share one call. */
export class Dedupe {
  readonly #leaders = new Map<string, RequestRecord>();

  leaderFor(request: QueueRequest): RequestRecord | undefined {
    return request.dedupeKey === undefined ? undefined : this.#leaders.get(keyOf(request, request.dedupeKey));
  }

  lead(record: RequestRecord): void {
    const { request } = record;
    if (request.dedupeKey !== undefined) this.#leaders.set(keyOf(request, request.dedupeKey), record);
  }

  /** The record's call is over, or goes on under another one. */
  forget(record: RequestRecord): void {
    const { request } = record;
    if (request.dedupeKey === undefined) return;
    const key = keyOf(request, request.dedupeKey);
    if (this.#leaders.get(key) === record) this.#leaders.delete(key);
  }
}

function keyOf(request: QueueRequest, dedupeKey: string): string {
  return JSON.stringify([request.tenant ?? '', dedupeKey]);
}
