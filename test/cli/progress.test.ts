import { describe, expect, it } from 'vitest';
import type { LiveBatch } from '../../src/cli/batch/batch-sending.ts';
import { BatchStatistics } from '../../src/cli/batch/batch-statistics.ts';
import { showProgress } from '../../src/cli/progress.ts';
import { QueueManager } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

function liveBatch(clock: VirtualClock, dropped = 0): LiveBatch {
  const manager = new QueueManager({ clock });
  manager.registerQueue(
    {
      modelId: 'm',
      rateLimiters: [
        { type: 'rpm', limit: 100 },
        { type: 'concurrent', limit: 5 },
      ],
    },
    () => undefined,
  );
  manager.restoreUsage('m', [{ type: 'rpm', amount: 42, at: clock.wallMs() }]);
  return { total: 2000, dropped, statistics: new BatchStatistics(), models: ['m'], manager };
}

const CLEAR = '\u001b[K';

class Screen {
  readonly isTTY: boolean;
  readonly columns = 120;
  text = '';

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

describe('progress', () => {
  it('reckons rate and time left by what is done now, not by what an earlier run finished', async () => {
    const clock = new VirtualClock();
    const screen = new Screen(false);
    const live = liveBatch(clock);
    const end = showProgress(live, screen, clock);
    live.statistics.skipped = 1_000;
    live.statistics.completed = 50;
    await clock.advance(5_000);
    end();
    expect(screen.text).toContain('1,050/2,000');
    expect(screen.text).toContain('10.0/s');
    expect(screen.text).toContain('ETA 1:35');
  });

  it('is a bar that stays on its line on a terminal', async () => {
    const clock = new VirtualClock();
    const live = liveBatch(clock);
    const screen = new Screen(true);
    const end = showProgress(live, screen, clock);
    for (let s = 0; s < 10; s++) {
      live.statistics.completed += 100;
      await clock.advance(1000);
    }
    live.statistics.failed = 1;
    end();
    const frames = screen.text.split('\r');
    expect(frames.length).toBeGreaterThan(35);
    expect(frames.at(-1)).toMatch(/^\[#{12}-{12}\] 1,001\/2,000 50\.\d % · \d+\.\d\/s · rpm 42 % · ETA \d+\.\d s · 1 failed/);
    expect(screen.text.endsWith('\n')).toBe(true);
    expect(screen.text.slice(0, -1)).not.toContain('\n');
    for (const frame of frames) expect(frame.replace(CLEAR, '').trimEnd().length).toBeLessThan(120);
    const length = screen.text.length;
    await clock.advance(5000);
    expect(screen.text.length).toBe(length);
  });

  it('is a plain line every few seconds elsewhere', async () => {
    const clock = new VirtualClock();
    const live = liveBatch(clock, 3);
    const screen = new Screen(false);
    const end = showProgress(live, screen, clock);
    live.statistics.skipped = 500;
    await clock.advance(11_000);
    end();
    const lines = screen.text.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe('3 failed or torn lines of an earlier run will run again');
    expect(lines[1]).toMatch(/^500\/2,000 25\.0 % · .* · 500 done earlier$/);
    expect(screen.text).not.toContain('\r');
  });

  it('says why when everything waits, on a terminal once that has lasted a second', async () => {
    for (const isTTY of [true, false]) {
      const clock = new VirtualClock();
      const live = liveBatch(clock);
      live.manager.registerQueue(
        { modelId: 'stuck', deployments: [{ id: 'd', circuit: { failuresInARow: 1 } }], retry: { maxAttempts: 2, baseDelayMs: 1 } },
        () => Promise.reject(Object.assign(new Error('bad gateway'), { status: 502 })),
      );
      const screen = new Screen(isTTY);
      const end = showProgress(live, screen, clock);
      live.manager.submit({ modelId: 'stuck' });
      await clock.advance(900);
      if (isTTY) expect(screen.text).not.toContain('waits');
      await clock.advance(4_200);
      end();
      expect(screen.text).toContain("0/2,000 0.0 % · waits: stuck: deployment 'd': circuit open until 2025-01-01T00:01:00Z (in ");
      if (!isTTY) expect(screen.text).toContain(', after 1 failure: Error, status 502');
      await live.manager.shutdownAll({ force: true });
    }
  });
});
