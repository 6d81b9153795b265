import type { Clock } from '../../domain/clock.ts';
import type { HttpTransport } from '../../domain/http-transport.ts';
import type { Logger } from '../../domain/logger.ts';

export interface LLMManagerOptions {
  /** Where the clients log, where `global.enableLogging` allows; default: nowhere. */
  readonly logger?: Logger;
  /** Source of time; default the process's. */
  readonly clock?: Clock;
  /** Source of jitter, from 0 to below 1. */
  readonly random?: () => number;
  /** Variables that keys are looked up in; default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Sends the calls in place of connections over the network; for tests. */
  readonly transport?: HttpTransport;
}
