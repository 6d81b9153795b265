import type { Observable } from 'rxjs';
import type { QueueResponse } from './queue-response.ts';
import type { RequestRecord } from './request-record.ts';
import type { StatusChange } from './status-feed.ts';
import type { RequestActor } from './supervisor.ts';

/** A submitted request in its caller's hands. */
export class RequestHandle<R = unknown> {
  readonly #record: RequestRecord;

  /** @internal */
  constructor(record: RequestRecord) {
    this.#record = record;
  }

  get id(): string {
    return this.#record.id;
  }

  /**
   * The request's XState actor: `getSnapshot()` has `value` (one of the four statuses), `matches`, `context`,
   * `status` and `output`; `waitFor`, `subscribe` and rxjs's `from` work. Made on first look while it is pending.
   */
  get actor(): RequestActor {
    return this.#record.actor;
  }

  /**
   * The request's status changes. Hot; replays the last change; completes after the terminal one; never errors
   * (a failure is the status `failed`; {@link response} tells why).
   */
  get status$(): Observable<StatusChange> {
    return this.#record.status$;
  }

  /** Resolves with the terminal response, `completed` or `failed`; never rejects. */
  get response(): Promise<QueueResponse<R>> {
    // The processor's result type is the caller's statement; `resultSchema` checks it where given.
    return this.#record.settled as Promise<QueueResponse<R>>;
  }

  /**
   * Cancels the request: pending, it is removed and never runs; processing, its attempt's signal is aborted. It
   * settles as failed with reason `cancelled`. Returns false when it had settled already.
   */
  cancel(reason?: unknown): boolean {
    return this.#record.owner.cancel(this.#record, reason);
  }
}
