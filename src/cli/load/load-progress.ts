import type { Clock } from '../../domain/clock.ts';
import type { QueueManager } from '../../index.ts';
import { count, duration, percent } from '../format.ts';
import { type ProgressStream, showLive } from '../live-text.ts';
import { ProgressRate } from '../progress-rate.ts';
import { Standstill } from '../standstill.ts';
import type { LoadTally } from './load-tally.ts';

/** What a load test's progress is read from. */
interface LiveLoad {
  readonly tally: LoadTally;
  /** In all. */
  readonly requests: number;
  readonly queues: QueueManager;
}

/** Shows how a load test goes on: one line that changes on a terminal, a line every few seconds elsewhere. Returns how to end it. */
export function showLoad({ tally, requests, queues }: LiveLoad, stream: ProgressStream, clock: Clock): () => void {
  const standstill = new Standstill(queues, clock);
  const rate = new ProgressRate(0, clock.now());
  return showLive(stream, clock, (isTerminal) => {
    rate.sample(tally.done, clock.now());
    const reason = standstill.reason(!isTerminal);
    const pace = [
      `${rate.perSecond.toFixed(1)}/s`,
      `p50 ${duration(tally.latency.percentile(0.5))}`,
      `in queue ${duration(tally.queue.percentile(0.5))}`,
      `ETA ${duration(rate.remainingMs(requests - tally.done))}`,
    ];
    return [
      `${count(tally.done)}/${count(requests)} ${percent(tally.done / requests)}`,
      ...(reason === undefined ? pace : [reason]),
      ...(tally.failed > 0 ? [`${count(tally.failed)} failed`] : []),
    ].join(' · ');
  });
}
