import { describe, expect, it } from 'vitest';
import { line } from '../../bench/report/line.ts';
import { isComplete, misses, type RunReport, renderReport } from '../../bench/report/run-report.ts';

const report: RunReport = {
  environment: { date: '2026-01-02', node: 'v24.0.0', cpu: 'a processor', cores: 2, versions: { headgate: '1.2.3', 'p-queue': '10.0.0' } },
  quick: false,
  only: [],
  failed: [],
  seconds: 300,
  workload: 'Workload: none.',
  lines: [line('Engine', 'fast', 'ms', [1], { below: 5 }), line('Engine', 'slow', 'ms', [9], { below: 5 })],
};

describe('the report of a run', () => {
  it('shows the lines, and with what they were measured', () => {
    const text = renderReport(report);
    expect(text).toContain('| fast ');
    expect(text).toContain('Measured 2026-01-02 on 2 cores of a processor, Node 24.0.0; headgate 1.2.3, p-queue 10.0.0.');
    expect(text.trim()).toBe(text);
  });

  it('lists what was missed', () => {
    expect(misses(report).map(({ name }) => name)).toEqual(['slow']);
  });

  it('may be quoted only when every case ran at full size and gave figures', () => {
    expect(isComplete(report)).toBe(true);
    expect(isComplete({ ...report, quick: true })).toBe(false);
    expect(isComplete({ ...report, only: ['share'] })).toBe(false);
    expect(isComplete({ ...report, failed: ['share'] })).toBe(false);
  });
});
