import { TELEMETRY_FIELDS, type TelemetryRecord } from './telemetry.ts';

/** A model call of the gateway, whatever became of it. Null: not known, or it never came to that. Moments are epoch milliseconds. */
export interface GatewayTelemetryRecord extends TelemetryRecord {
  /** `interactive`, `request` (handed in) or `batch`. */
  kind: string;
  /** Empty: nobody in particular. */
  tenant: string;
  /** The public id of the key it came with. */
  keyId: string | null;
  /** The model that was asked for. */
  model: string;
  /** The model that answered: the same or a fallback. */
  servedBy: string | null;
  deploymentId: string | null;
  streamed: boolean;
  /** `completed`, `failed`, `timeout`, `cancelled` or `rejected`. */
  outcome: string;
  /** The answer's HTTP status; 499 where nobody was there any more. */
  status: number;
  errorCode: string | null;
  attempts: number;
  /** From the submit to the start of the attempt that answered. */
  queueMs: number | null;
  /** From its arrival to a stream's first content, or the whole answer. */
  answeredAfterMs: number | null;
  endedAt: number;
  /** All of them, cache reads too. */
  inputTokens: number | null;
  outputTokens: number | null;
  cachedInputTokens: number | null;
  /** By the configuration's prices, in their currency; null where the model has none. */
  cost: number | null;
}

/** The fields of a gateway's record, in the order of a table's columns. */
export const GATEWAY_TELEMETRY_FIELDS = [
  ...TELEMETRY_FIELDS,
  'kind',
  'tenant',
  'keyId',
  'model',
  'servedBy',
  'deploymentId',
  'streamed',
  'outcome',
  'status',
  'errorCode',
  'attempts',
  'queueMs',
  'answeredAfterMs',
  'endedAt',
  'inputTokens',
  'outputTokens',
  'cachedInputTokens',
  'cost',
] as const satisfies readonly (keyof GatewayTelemetryRecord)[];
