import { counted } from '../lib/counted.ts';
import type { BatchReport } from './batch/batch-report.ts';
import { count, percent, table } from './format.ts';

/** The report with each limit under its owner's name: a deployment or a domain may serve several models. */
export function limitsByOwner(report: BatchReport): BatchReport {
  return { ...report, limits: report.limits.map((limit) => ({ ...limit, model: limit.deployment ?? limit.domain ?? limit.model })) };
}

/** What went through each deployment of a configuration, line by line; none where there is no configuration. */
export function deploymentLines({ deployments = [] }: BatchReport): string[] {
  const rows = deployments.map(({ id, calls, completed, refusals, failures, tokens, share }) => [
    id,
    counted(calls, 'call'),
    `${count(completed)} completed`,
    counted(refusals, 'refusal'),
    counted(failures, 'failure'),
    counted(tokens, 'token'),
    `share ${percent(share)}`,
  ]);
  return table(rows).map((line) => `  ${line}`);
}
