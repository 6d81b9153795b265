import { counted } from '../lib/counted.ts';
import type { BatchReport } from './batch/batch-report.ts';
import { count, duration, percent, table } from './format.ts';

/** What a finished run says, line by line. */
export function summaryLines(report: BatchReport, output: string): string[] {
  const { total, completed, failed, skipped, seconds, requestsPerSecond, attempts, refusals, tokens, queueTimeMs, limits } = report;
  const earlier = skipped > 0 ? `, ${count(skipped)} done earlier` : '';
  const lines = [
    `${count(completed)} completed, ${count(failed)} failed${earlier}, of ${count(total)} in ${duration(1000 * seconds)} → ${output}`,
    ...table([
      ['throughput', `${requestsPerSecond.toFixed(1)} requests/s`],
      ['calls', `${counted(attempts, 'attempt')}, ${counted(refusals, 'refusal')}`],
      ['time in queue', `p50 ${duration(queueTimeMs.p50)}, p99 ${duration(queueTimeMs.p99)}`],
      ['tokens', `${count(tokens.estimated)} estimated, ${count(tokens.used)} used`],
    ]).map((line) => `  ${line}`),
  ];
  if (limits.length === 0) return lines;
  const rows = limits.map(({ model, type, limit, used, share }) => [
    `${model} ${type}`,
    `${count(used)} used`,
    `limit ${count(limit)}`,
    `share ${percent(share)}`,
  ]);
  return [...lines, ...table(rows).map((line) => `  ${line}`)];
}
