import type { Clock, TimerHandle } from '../../domain/clock.ts';
import { count, duration, percent } from '../format.ts';
import type { ProgressStream } from '../progress.ts';
import { ProgressRate } from '../progress-rate.ts';
import type { LoadTally } from './load-tally.ts';

const BAR_EVERY_MS = 250;
const LINE_EVERY_MS = 5000;

/** Shows how a load test goes on: one line that changes on a terminal, a line every few seconds elsewhere. Returns how to end it. */
export function showLoad(tally: LoadTally, requests: number, stream: ProgressStream, clock: Clock): () => void {
  const isTerminal = stream.isTTY === true;
  const everyMs = isTerminal ? BAR_EVERY_MS : LINE_EVERY_MS;
  const rate = new ProgressRate(0, clock.now());
  let timer: TimerHandle;
  const show = (): void => {
    rate.sample(tally.done, clock.now());
    const text = [
      `${count(tally.done)}/${count(requests)} ${percent(tally.done / requests)}`,
      `${rate.perSecond.toFixed(1)}/s`,
      `p50 ${duration(tally.latency.percentile(0.5))}`,
      `in queue ${duration(tally.queue.percentile(0.5))}`,
      `ETA ${duration(rate.remainingMs(requests - tally.done))}`,
      ...(tally.failed > 0 ? [`${count(tally.failed)} failed`] : []),
    ].join(' · ');
    stream.write(isTerminal ? `\r${text.slice(0, (stream.columns ?? 80) - 1)}\u001b[K` : `${text}\n`);
  };
  const tick = (): void => {
    show();
    timer = clock.setTimeout(tick, everyMs, { background: true });
  };
  timer = clock.setTimeout(tick, everyMs, { background: true });
  return () => {
    clock.clearTimeout(timer);
    show();
    if (isTerminal) stream.write('\n');
  };
}
