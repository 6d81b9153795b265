import type { DeploymentInfo, QueueMetrics } from '../engine/queue-info.ts';
import type { DeploymentStatus } from './headgate.ts';

/** One deployment: what was configured and how it stands. */
export interface GatewayDeployment extends DeploymentStatus, DeploymentInfo {}

/** One limit of a tenant's budget as it stands. */
export interface TenantBudget {
  readonly unit: 'tokens' | 'money';
  readonly every: 'day' | 'month';
  readonly most: number;
  /** As a person reads it: `5,000 tokens a day`, `50 EUR a month`. */
  readonly says: string;
  readonly spent: number;
  /** Set aside for calls that run. */
  readonly reserved: number;
  /** Epoch milliseconds of the end of its day or month. */
  readonly endsAt: number;
}

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
  /** Absent: it has none. */
  readonly budgets?: readonly TenantBudget[] | undefined;
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
