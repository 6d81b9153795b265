import type { CallRunner } from './call-runner.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { EngineServices } from './engine-services.ts';
import type { QueueRequest } from './queue-request.ts';
import type { RequestLife } from './request-life.ts';
import type { RequestRecord } from './request-record.ts';

/** The parts of a queue that a call passes through. */
export interface CallPath {
  readonly dispatcher: Dispatcher;
  readonly life: RequestLife;
  readonly runner: CallRunner;
}

/**
 * Calls that several requests share: live requests of one tenant with equal dedupe keys. One of them leads: its
 * record stands in line and holds the attempt; the others follow it, each with a life of its own.
 */
export class SharedCalls {
  readonly #leaders = new Map<string, RequestRecord>();
  readonly #path: () => CallPath;
  readonly #services: EngineServices;

  constructor(path: () => CallPath, services: EngineServices) {
    this.#path = path;
    this.#services = services;
  }

  /** Joins a live call with the record's key, at the best place of all who share it; false: there is none. */
  join(record: RequestRecord): boolean {
    const key = keyOf(record.request);
    const leader = key === undefined ? undefined : this.#leaders.get(key);
    if (leader === undefined) {
      if (key !== undefined) this.#leaders.set(key, record);
      return false;
    }
    leader.sharedCall ??= { leader, sharers: new Set([leader]) };
    leader.sharedCall.sharers.add(record);
    record.sharedCall = leader.sharedCall;
    if (record.key < leader.key) this.#path().dispatcher.rekey(leader, record.key);
    // Not at once: whoever subscribes right after submit sees `pending` first, as with any other request.
    if (leader.attempt !== undefined) queueMicrotask(() => this.#catchUp(record));
    return true;
  }

  /** A call is over: nobody may join it any more. */
  close(record: RequestRecord): void {
    const key = keyOf(record.request);
    if (key !== undefined && this.#leaders.get(key) === record) this.#leaders.delete(key);
  }

  /** One who shares a call leaves it; false: nobody else shares it, so the call has to end. */
  leave(record: RequestRecord): boolean {
    const call = record.sharedCall;
    call?.sharers.delete(record);
    if (call !== undefined && call.leader !== record) return true;
    for (const heir of call?.sharers ?? []) {
      this.#inherit(heir, record);
      return true;
    }
    this.close(record);
    return false;
  }

  /** The leader leaves: the call goes on under another record, at the same place. */
  #inherit(heir: RequestRecord, from: RequestRecord): void {
    if (heir.sharedCall !== undefined) heir.sharedCall.leader = heir;
    from.sharedCall = undefined;
    heir.key = from.key;
    heir.seq = from.seq;
    heir.attempts = from.attempts;
    heir.inheritFailures(from);
    const key = keyOf(heir.request);
    if (key !== undefined) this.#leaders.set(key, heir);
    const { dispatcher, runner } = this.#path();
    if (from.attempt !== undefined) {
      heir.attempt = from.attempt;
      heir.attempt.subject = heir;
      heir.used = from.used;
      from.attempt = undefined;
    } else if (from.backoffAlarm !== undefined) {
      this.#services.alarms.clear(from.backoffAlarm);
      runner.returnAt(heir, from.backoffAlarm.at);
    } else {
      dispatcher.remove(from);
      dispatcher.push(heir);
    }
  }

  #catchUp(record: RequestRecord): void {
    const { attempt } = record.leader;
    if (record.ending || record.status !== 'pending' || attempt === undefined) return;
    const { clock, outbox } = this.#services;
    outbox.hold();
    try {
      this.#path().life.admitted(record, attempt, clock.now());
    } finally {
      outbox.release();
    }
  }
}

function keyOf({ tenant, dedupeKey }: QueueRequest): string | undefined {
  return dedupeKey === undefined ? undefined : JSON.stringify([tenant ?? '', dedupeKey]);
}
