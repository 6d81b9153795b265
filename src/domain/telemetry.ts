/** Stands for a payload that is not to be stored. */
export const REDACTED_PAYLOAD = '[redacted]';

/** What is known of one request, whatever became of it. Moments are epoch milliseconds; −1: it never came to that. */
export interface TelemetryRecord {
  userId: string;
  reqId: string;
  /** The request's data as JSON, where that was turned on; else `[redacted]`. */
  reqPayload: string;
  reqType: string;
  /** The ids of the models that were chosen, joined by `;`. */
  deploymentName: string;
  requestReceivedAt: number;
  requestQueuedAt: number;
  requestDequeuedAt: number;
  responseQueuedAt: number;
  responseDequeuedAt: number;
  /** Written by executors; −1: not known. */
  promptTokens: number;
  completionTokens: number;
  embeddingTokens: number;
  errorMessage: string;
}

/** The fields of a record, in the order of a table's columns. */
export const TELEMETRY_FIELDS = [
  'userId',
  'reqId',
  'reqPayload',
  'reqType',
  'deploymentName',
  'requestReceivedAt',
  'requestQueuedAt',
  'requestDequeuedAt',
  'responseQueuedAt',
  'responseDequeuedAt',
  'promptTokens',
  'completionTokens',
  'embeddingTokens',
  'errorMessage',
] as const satisfies readonly (keyof TelemetryRecord)[];

/** A record with its defaults; what is known replaces them. */
export function telemetryRecord(
  known: Pick<TelemetryRecord, 'reqId' | 'reqType' | 'requestReceivedAt'> & Partial<TelemetryRecord>,
): TelemetryRecord {
  return {
    userId: 'NO_USER_ID',
    reqPayload: REDACTED_PAYLOAD,
    deploymentName: 'DEFAULT DEPLOYMENT NAME',
    requestQueuedAt: -1,
    requestDequeuedAt: -1,
    responseQueuedAt: -1,
    responseDequeuedAt: -1,
    promptTokens: -1,
    completionTokens: -1,
    embeddingTokens: -1,
    errorMessage: 'NO ERROR',
    ...known,
  };
}

/** A record on its way to a sink, and what tells it from every other one. */
export interface TelemetryEntry {
  readonly id: string;
  readonly record: Readonly<TelemetryRecord>;
}

/** Where telemetry goes. Its methods may be async or not; whatever they throw breaks no request. */
export interface TelemetrySink {
  connect(): Promise<void> | void;
  /** Called once, after every insert has ended. */
  disconnect(): Promise<void> | void;
  /** Stores one record; the next one comes after this one has ended. One that fails is lost: whether it was stored isn't known. */
  insertTelemetryData(record: Readonly<TelemetryRecord>): Promise<void> | void;
  /**
   * Stores several, all or none, and what it has by its id only once. A sink that can do this gets everything through it, and again what
   * failed: nothing is lost while it is down.
   */
  insertTelemetryBatch?(entries: readonly TelemetryEntry[]): Promise<void> | void;
}
