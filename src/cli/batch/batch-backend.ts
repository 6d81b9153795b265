import type { Clock } from '../../domain/clock.ts';
import type { QueueManager } from '../../index.ts';
import type { UsageError } from '../usage-error.ts';
import type { BatchRequest } from './batch-request.ts';
import type { BatchStatistics } from './batch-statistics.ts';
import type { DeploymentUse } from './deployment-use.ts';
import type { LimitUse } from './limit-use.ts';
import type { OutputFile } from './output-file.ts';
import type { PreparedRequest } from './prepared-request.ts';
import type { RunControl } from './run-control.ts';
import type { SentLedger, WindowLimit } from './sent-ledger.ts';

/** What a backend is given when sending starts. */
export interface BackendParts {
  readonly manager: QueueManager;
  /** The models that the input names. */
  readonly models: readonly string[];
  readonly clock: Clock;
  readonly output: OutputFile;
  readonly ledger: SentLedger;
  readonly statistics: BatchStatistics;
  readonly control: RunControl;
  /** Called each time a call ends. */
  readonly onCallEnd: () => void;
}

/** How much of what was used. */
export interface BackendUse {
  readonly limits: readonly LimitUse[];
  /** Of a configuration's deployments. */
  readonly deployments?: readonly DeploymentUse[];
}

/** Where a run's calls go: one endpoint whose limits are flags, or a configuration's deployments. */
export interface BatchBackend {
  /** Why a request can't be sent here; undefined: it can. Absent: every one can. */
  readonly problemOf?: (request: BatchRequest) => string | undefined;
  /** The limits over windows that runs of these models have to keep across restarts. */
  windowLimits(models: readonly string[]): readonly WindowLimit[];
  /** Registers the models' queues, with what earlier runs sent counted in. */
  open(parts: BackendParts): Promise<void>;
  prepare(request: BatchRequest): PreparedRequest;
  /** What follows on a request's failing for good: another one in its place, the end of the run, or an error line. */
  afterFailure(request: PreparedRequest, cause: Error): PreparedRequest | UsageError | undefined;
  /** Ask while the queues are there. */
  use(): BackendUse;
  close(): Promise<void>;
}
