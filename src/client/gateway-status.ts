import type { DeploymentInfo, QueueMetrics } from '../engine/queue-info.ts';
import type { DeploymentStatus } from './headgate.ts';

/** One deployment: what was configured and how it stands. */
export interface GatewayDeployment extends DeploymentStatus, DeploymentInfo {}

/** What one tenant has in hand, and what became of its calls since the gateway started. */
export interface TenantStatus {
  /** Empty: nobody in particular. */
  readonly tenant: string;
  readonly waiting: number;
  readonly processing: number;
  readonly completed: number;
  /** Queued and not completed: those that timed out or were cancelled included. */
  readonly failed: number;
  /** Never queued: not allowed, too much for now, or wrong. */
  readonly rejected: number;
  readonly tokens: { readonly input: number; readonly output: number };
}

/**
 * A gateway as it stands, as far as whoever asks may know. An administrator is told everything. A tenant is told of itself
 * and of the models it may use, with the numbers of its own calls; what it isn't told is empty or 0: limits, deployments,
 * why a queue waits, refusals, estimates.
 */
export interface GatewayStatus {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly models: readonly QueueMetrics[];
  readonly deployments: readonly GatewayDeployment[];
  readonly tenants: readonly TenantStatus[];
}
