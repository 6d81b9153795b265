import type { DispatchCall } from '../../../client/dispatch/dispatch-types.ts';
import type { WorkEstimate } from '../../../client/dispatch/work-estimates.ts';
import type { BatchRequest } from '../batch-request.ts';
import type { PreparedRequest } from '../prepared-request.ts';

/** A request on its way to a configuration's deployments. */
export interface DeploymentRequest extends PreparedRequest {
  /** The line as it was read; a fallback may need another form of it. */
  readonly source: BatchRequest;
  readonly call: DispatchCall;
  /** Told what the call used. */
  readonly used: WorkEstimate['used'];
  /** Models that may take over where this one fails, in this order. */
  readonly fallbacks: readonly string[];
}
