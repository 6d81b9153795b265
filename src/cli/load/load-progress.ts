import type { Clock } from '../../domain/clock.ts';
import { count, duration, percent } from '../format.ts';
import { type ProgressStream, showLive } from '../live-text.ts';
import { ProgressRate } from '../progress-rate.ts';
import type { LoadTally } from './load-tally.ts';

/** Shows how a load test goes on: one line that changes on a terminal, a line every few seconds elsewhere. Returns how to end it. */
export function showLoad(tally: LoadTally, requests: number, stream: ProgressStream, clock: Clock): () => void {
  const rate = new ProgressRate(0, clock.now());
  return showLive(stream, clock, () => {
    rate.sample(tally.done, clock.now());
    return [
      `${count(tally.done)}/${count(requests)} ${percent(tally.done / requests)}`,
      `${rate.perSecond.toFixed(1)}/s`,
      `p50 ${duration(tally.latency.percentile(0.5))}`,
      `in queue ${duration(tally.queue.percentile(0.5))}`,
      `ETA ${duration(rate.remainingMs(requests - tally.done))}`,
      ...(tally.failed > 0 ? [`${count(tally.failed)} failed`] : []),
    ].join(' · ');
  });
}
