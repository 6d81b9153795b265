import type { Clock } from '../domain/clock.ts';
import type { EasyLogger } from '../domain/logger.ts';
import type { EngineEvent } from './engine-event.ts';
import type { HotStream } from './outbox.ts';

/** The engine's time, and where it says what happened. */
export interface EngineSignals {
  readonly clock: Clock;
  readonly events: HotStream<EngineEvent>;
  readonly logger: EasyLogger;
}
