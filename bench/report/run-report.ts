import type { Environment } from '../harness/environment.ts';
import { describeEnvironment } from '../harness/environment.ts';
import { type Line, reached } from './line.ts';
import { lineTable } from './table.ts';

/** Everything that one run found: what `bench-results/latest.json` holds. */
export interface RunReport {
  readonly environment: Environment;
  readonly quick: boolean;
  /** Empty: a complete run. */
  readonly only: readonly string[];
  /** Cases that ended with an error and have no lines. */
  readonly failed: readonly string[];
  readonly seconds: number;
  /** What the simulations' workload was. */
  readonly workload: string;
  readonly lines: readonly Line[];
}

/** The table and what it rests on, as it is printed and stands in the documents. */
export function renderReport(report: RunReport): string {
  return [lineTable(report.lines), '', describeEnvironment(report.environment), report.workload].join('\n');
}

/** The lines that did not reach their target. */
export function misses(report: RunReport): readonly Line[] {
  return report.lines.filter((line) => !reached(line));
}

/** Whether the run may be quoted: all cases, at full size, and none without figures. */
export function isComplete(report: RunReport): boolean {
  return !report.quick && report.only.length === 0 && report.failed.length === 0;
}
