import { describe, expect, it } from 'vitest';
import { jain, quantile, type Served, served } from './fairness-world.ts';

const SEED = 20_261_122;
const WINDOWS = 7;
/** One sends a hundred calls for each one of the other nine. */
const BACKLOG = [100, 1, 1, 1, 1, 1, 1, 1, 1, 1];

const smallOnesP99 = ({ waits }: Served): number => quantile(waits.slice(1).flat(), 0.99);

describe(`tenants of equal weight at a limit of 900,000 tokens a minute, seed ${SEED}`, () => {
  it('wait 5 s at most though one of ten sends a hundred times as much, a tenth of what they would in one queue, and are served alike', {
    timeout: 60_000,
  }, async () => {
    const fair = await served({ seed: SEED, windows: WINDOWS, fair: true, backlog: BACKLOG });
    const fifo = await served({ seed: SEED, windows: WINDOWS, fair: false, backlog: BACKLOG });
    const figures = {
      p99Seconds: smallOnesP99(fair) / 1_000,
      firstInFirstOutSeconds: smallOnesP99(fifo) / 1_000,
      jain: jain(fair.tokens),
      jainFirstInFirstOut: jain(fifo.tokens),
      share: fair.share,
    };
    console.log(figures);
    expect(figures.p99Seconds).toBeLessThanOrEqual(5);
    expect(figures.firstInFirstOutSeconds / figures.p99Seconds).toBeGreaterThanOrEqual(10);
    expect(figures.jain).toBeGreaterThanOrEqual(0.99);
    expect(fair.refused).toBe(0);
  });

  it('leave the whole limit to one who is alone', { timeout: 60_000 }, async () => {
    const alone = await served({ seed: SEED, windows: WINDOWS, fair: true, backlog: [100] });
    console.log({ share: alone.share });
    expect(alone.share).toBeGreaterThanOrEqual(0.95);
    expect(alone.refused).toBe(0);
  });
});
