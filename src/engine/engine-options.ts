import { validateAmount, validateFunction } from '../config/validate.ts';
import type { Clock } from '../domain/clock.ts';
import type { EasyLogger, Logger } from '../domain/logger.ts';
import { Alarms } from '../lib/alarms.ts';
import { StringTable } from '../lib/string-table.ts';
import { systemRandom } from '../lib/system-clock.ts';
import { AbortLinks } from './abort-links.ts';
import type { EngineEvent } from './engine-event.ts';
import type { EngineServices } from './engine-services.ts';
import { estimateTokens, type TokenEstimator } from './estimate-tokens.ts';
import type { Inspection, InspectionObserver } from './inspection.ts';
import { HotStream, Outbox } from './outbox.ts';

export interface QueueManagerOptions {
  /** Source of time; default the process's. */
  readonly clock?: Clock;
  /** Default: silent. Any object with pino's methods. */
  readonly logger?: Logger;
  /** Watches the actors; an XState inspection observer. Default none: watching halves the throughput. */
  readonly inspect?: InspectionObserver;
  /** How many new requests per second an inspector is shown; default 10. */
  readonly inspectRequestsPerSecond?: number;
  /** Settled requests remembered per model; default 1000. */
  readonly historySize?: number;
  /** How long they are remembered, in ms; default as long as there is room. */
  readonly historyTtlMs?: number;
  /** Source of jitter, from 0 to below 1; request ids come from it too when it is given. */
  readonly random?: () => number;
  /** Guesses token counts for requests that don't state them. */
  readonly estimator?: TokenEstimator;
  /** Milliseconds of waiting that one step of priority is worth; default 5000. */
  readonly priorityStepMs?: number;
}

/** What the queues of one engine share, made from its options. */
export function servicesOf(
  options: QueueManagerOptions,
  clock: Clock,
  logger: EasyLogger,
  inspection: Inspection | undefined,
): EngineServices {
  checkOptions(options);
  const outbox = new Outbox();
  let seq = 0;
  return {
    clock,
    logger,
    random: options.random ?? systemRandom,
    alarms: new Alarms(clock),
    outbox,
    events: new HotStream<EngineEvent>(outbox),
    estimator: options.estimator ?? estimateTokens,
    abortLinks: new AbortLinks((record, reason) => record.owner.cancel(record, reason)),
    live: new StringTable(),
    priorityStepMs: options.priorityStepMs ?? 5_000,
    historySize: options.historySize ?? 1_000,
    historyTtlMs: options.historyTtlMs,
    nextSeq: () => ++seq,
    wantsActor: (requestId) => inspection?.take(requestId) ?? false,
  };
}

function checkOptions(options: QueueManagerOptions): void {
  const { historySize, historyTtlMs, priorityStepMs, inspectRequestsPerSecond, random, estimator } = options;
  validateAmount('historySize', historySize, 'a whole number ≥ 0', Number.isInteger);
  validateAmount('historyTtlMs', historyTtlMs, 'milliseconds ≥ 0');
  validateAmount('priorityStepMs', priorityStepMs, 'milliseconds ≥ 0');
  validateAmount('inspectRequestsPerSecond', inspectRequestsPerSecond, 'a number ≥ 0');
  validateFunction('random', random);
  validateFunction('estimator', estimator);
}
