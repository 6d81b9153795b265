import type { TelemetryRecord } from '../../domain/telemetry.ts';
import type { RequestExecutor } from './base-request-controller.ts';
import type { ModelPreferences } from './model-preferences.ts';
import type { QueueNeed } from './preference-queues.ts';

/** One request on its way through the queue. */
export interface Job {
  readonly reqId: string;
  readonly reqType: string;
  readonly userId: string;
  readonly requestData: unknown;
  readonly preferences: ModelPreferences;
  readonly needs: readonly QueueNeed[];
  readonly executor: RequestExecutor;
  readonly record: TelemetryRecord;
  readonly signal: AbortSignal | undefined;
  /** Its executor is called: it waits no more. */
  readonly onStarted: () => void;
}
