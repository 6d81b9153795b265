import { Readable } from 'node:stream';
import type { WorkRecord } from '../../domain/request-journal.ts';
import type { StatusChange } from '../../engine/status-feed.ts';
import type { PersistedWork } from './persisted-work.ts';
import { statusOf } from './request-view.ts';

const HEARTBEAT_MS = 15_000;

/** The status changes of one request as server-sent events, until the last one or until its reader leaves. */
export class StatusEvents extends Readable {
  readonly #work: PersistedWork;
  readonly #id: string;
  readonly #mayStay: () => Promise<boolean>;
  readonly #leave: () => void;
  /** What was heard before {@link begin}. */
  #early: StatusChange[] | undefined = [];
  #timer: unknown;
  #isOver = false;

  /** Listens from now on: nothing is missed while the store is asked. @param mayStay asked with each heartbeat: keys get revoked */
  constructor(work: PersistedWork, id: string, mayStay: () => Promise<boolean>) {
    super();
    this.#mayStay = mayStay;
    this.#work = work;
    this.#id = id;
    this.#leave = work.hub.listen(id, (change) => (this.#early === undefined ? this.#tell(change) : void this.#early.push(change)));
  }

  begin(record: WorkRecord): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#beat();
    // What was heard meanwhile may already be in the record, and is newer where it isn't.
    const changes = record.settled === undefined && early.length > 0 ? early : [statusOf(record, this.#work.hub.last(this.#id))];
    for (const change of changes) this.#tell(change);
  }

  /** Ends it before its time. */
  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.push(null);
  }

  override _read(): void {
    // Few and small: they are pushed as they come.
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#leave();
    this.#work.clock.clearTimeout(this.#timer);
    done(error);
  }

  #tell(change: StatusChange): void {
    if (this.#isOver) return;
    this.push(`event: status\ndata: ${JSON.stringify(change)}\n\n`);
    if (change.status === 'completed' || change.status === 'failed') this.finish();
  }

  async #beatOnce(): Promise<void> {
    const mayStay = await this.#mayStay();
    if (this.#isOver || this.destroyed) return;
    if (!mayStay) return this.finish();
    this.push(': still here\n\n');
    this.#beat();
  }

  #beat(): void {
    this.#timer = this.#work.clock.setTimeout(() => void this.#beatOnce(), HEARTBEAT_MS, { background: true });
  }
}
