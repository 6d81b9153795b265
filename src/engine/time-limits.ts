import { DeadlineExceeded, QueueTimeoutError, withoutStack } from '../domain/errors.ts';
import type { EngineServices } from './engine-services.ts';
import type { RequestRecord } from './request-record.ts';
import type { Ending } from './settlement.ts';

export interface TimeLimitsOptions {
  readonly modelId: string;
  /** Longest time a request may be pending in all. */
  readonly requestTimeoutSeconds: number | undefined;
  /** Ends one caller's request. */
  readonly leave: (record: RequestRecord, ending: Ending) => boolean;
}

/** Watches how long requests wait, their deadlines and their callers' abort signals. */
export class TimeLimits {
  readonly #options: TimeLimitsOptions;
  readonly #services: EngineServices;

  constructor(options: TimeLimitsOptions, services: EngineServices) {
    this.#options = options;
    this.#services = services;
  }

  /** Settles a request whose deadline has passed already; true when it did. */
  endsAtOnce(record: RequestRecord, now: number): boolean {
    const { deadline } = record.request;
    return deadline !== undefined && this.#monotonic(deadline, now) <= now && this.#missDeadline(record, deadline);
  }

  watch(record: RequestRecord, now: number): void {
    const { signal, deadline } = record.request;
    const { abortLinks, alarms } = this.#services;
    if (signal !== undefined) abortLinks.link(signal, record);
    if (deadline !== undefined)
      record.deadlineAlarm = alarms.set(this.#monotonic(deadline, now), () => this.#missDeadline(record, deadline));
    this.watchWait(record, now);
  }

  /** A request became pending, for the first time or again: what it waited before counts. */
  watchWait(record: RequestRecord, now: number): void {
    const { requestTimeoutSeconds: seconds, modelId, leave } = this.#options;
    if (seconds === undefined) return;
    record.waitAlarm = this.#services.alarms.set(now + seconds * 1000 - record.waitedMs, () =>
      leave(record, { reason: 'timeout', error: withoutStack(() => new QueueTimeoutError(record.id, modelId, seconds)) }),
    );
  }

  #missDeadline(record: RequestRecord, deadline: Date | number): boolean {
    return this.#options.leave(record, {
      reason: 'timeout',
      error: withoutStack(() => new DeadlineExceeded(record.id, this.#options.modelId, new Date(deadline))),
    });
  }

  #monotonic(deadline: Date | number, now: number): number {
    return now + Number(deadline) - this.#services.clock.wallMs();
  }
}
