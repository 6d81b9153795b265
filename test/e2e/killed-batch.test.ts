import { describe, expect, it } from 'vitest';
import { killRun } from '../gateway/persisted/kill-run.ts';
import { freshDatabase } from '../servers/fresh-database.ts';

const LINES = 1000;
const KILLS = 5;

describe.each(['sqlite', 'postgres'] as const)('a batch in %s whose process is killed five times', (kind) => {
  it('has each result once', async () => {
    const fresh = kind === 'postgres' ? await freshDatabase() : undefined;
    try {
      const report = await killRun({ lines: LINES, kills: KILLS, ...(fresh && { database: fresh.url }) });
      console.log(`${kind}: killed at ${report.killedAt.join(', ')} of ${LINES}; ${report.calls} calls; ${report.seconds.toFixed(1)} s`);
      expect(report).toMatchObject({ status: 'completed', counts: { total: LINES, completed: LINES, failed: 0 } });
      expect(report.results.size).toBe(LINES);
      expect([...report.results.values()].every((times) => times === 1)).toBe(true);
      expect(report.killedAt.length).toBe(KILLS);
      expect(report.calls).toBeGreaterThanOrEqual(LINES);
    } finally {
      await fresh?.drop();
    }
  });
});
