import type { BackendUse } from './batch-backend.ts';
import type { BatchStatistics } from './batch-statistics.ts';
import type { DeploymentUse } from './deployment-use.ts';
import type { LimitUse } from './limit-use.ts';

/** What `--json` prints, and what the summary says in words. */
export interface BatchReport {
  /** Requests in the input. */
  readonly total: number;
  /** Finished well in this run; `skipped` were finished by an earlier one. */
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  /** Completed ones. */
  readonly requestsPerSecond: number;
  readonly attempts: number;
  readonly refusals: number;
  readonly tokens: { readonly estimated: number; readonly used: number };
  readonly queueTimeMs: { readonly p50: number; readonly p99: number };
  readonly limits: readonly LimitUse[];
  /** Where a configuration's deployments were called. */
  readonly deployments?: readonly DeploymentUse[];
}

/** Puts a run's figures together, rounded to what they mean. */
export function batchReport(
  total: number,
  statistics: BatchStatistics,
  { limits, deployments }: BackendUse,
  elapsedMs: number,
): BatchReport {
  const { completed, failed, skipped, attempts, refusals, tokens, queueTime } = statistics;
  const seconds = elapsedMs / 1000;
  return {
    total,
    completed,
    failed,
    skipped,
    seconds: rounded(seconds, 3),
    requestsPerSecond: rounded(seconds > 0 ? completed / seconds : 0, 2),
    attempts,
    refusals,
    tokens: { ...tokens },
    queueTimeMs: { p50: rounded(queueTime.percentile(0.5), 2), p99: rounded(queueTime.percentile(0.99), 2) },
    limits: limits.map((limit) => ({ ...limit, share: rounded(limit.share, 4) })),
    ...(deployments && { deployments: deployments.map((each) => ({ ...each, share: rounded(each.share, 4) })) }),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
