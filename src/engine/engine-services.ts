import type { Alarms } from '../lib/alarms.ts';
import type { StringTable } from '../lib/string-table.ts';
import type { AbortLinks } from './abort-links.ts';
import type { EngineSignals } from './engine-signals.ts';
import type { TokenEstimator } from './estimate-tokens.ts';
import type { Outbox } from './outbox.ts';
import type { RequestRecord } from './request-record.ts';

/** What every queue of one engine shares. */
export interface EngineServices extends EngineSignals {
  readonly random: () => number;
  readonly alarms: Alarms;
  readonly outbox: Outbox;
  readonly estimator: TokenEstimator;
  readonly abortLinks: AbortLinks<RequestRecord>;
  /** Every live request by id. */
  readonly live: StringTable<RequestRecord>;
  /** Milliseconds of waiting that one step of priority is worth. */
  readonly priorityStepMs: number;
  readonly historySize: number;
  readonly historyTtlMs: number | undefined;
  /** A number that grows with each call: the age of requests and claims. */
  readonly nextSeq: () => number;
  /** Whether a request is to have its actor while it is pending, as an inspector wants. */
  readonly wantsActor: (requestId: string) => boolean;
}
