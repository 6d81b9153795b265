import type { Clock, TimerHandle } from '../domain/clock.ts';
import type { LiveBatch } from './batch/batch-sending.ts';
import { count, duration, percent } from './format.ts';
import { ProgressRate } from './progress-rate.ts';

/** Where progress is shown: a terminal, or anything that takes lines. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_EVERY_MS = 250;
const LINE_EVERY_MS = 5000;
const BAR_WIDTH = 24;
const MOST_LIMITS = 4;

/** Shows how a run goes on: a bar that stays on its line on a terminal, a plain line every few seconds elsewhere. Returns how to end it. */
export function showProgress(live: LiveBatch, stream: ProgressStream, clock: Clock): () => void {
  const isTerminal = stream.isTTY === true;
  const everyMs = isTerminal ? BAR_EVERY_MS : LINE_EVERY_MS;
  // What an earlier run finished takes no time now.
  const doneNow = (): number => live.statistics.done - live.statistics.skipped;
  const rate = new ProgressRate(doneNow(), clock.now());
  let timer: TimerHandle;
  const show = (): void => {
    rate.sample(doneNow(), clock.now());
    const text = progressText(live, rate, isTerminal);
    stream.write(isTerminal ? `\r${text.slice(0, (stream.columns ?? 80) - 1)}\u001b[K` : `${text}\n`);
  };
  const tick = (): void => {
    show();
    timer = clock.setTimeout(tick, everyMs, { background: true });
  };
  if (live.dropped > 0) stream.write(`${count(live.dropped)} failed or torn lines of an earlier run will run again\n`);
  timer = clock.setTimeout(tick, everyMs, { background: true });
  return () => {
    clock.clearTimeout(timer);
    show();
    if (isTerminal) stream.write('\n');
  };
}

/** `[###…] 1,234/2,000 61.7 % · 85.2/s · rpm 97 % · tpm 42 % · ETA 9.0 s · 3 failed` */
function progressText(live: LiveBatch, rate: ProgressRate, withBar: boolean): string {
  const { total, statistics } = live;
  const part = total === 0 ? 1 : statistics.done / total;
  const filled = Math.round(part * BAR_WIDTH);
  const bar = withBar ? `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ` : '';
  const parts = [
    `${bar}${count(statistics.done)}/${count(total)} ${percent(part)}`,
    `${rate.perSecond.toFixed(1)}/s`,
    ...limitTexts(live),
    `ETA ${duration(rate.remainingMs(total - statistics.done))}`,
  ];
  if (statistics.skipped > 0) parts.push(`${count(statistics.skipped)} done earlier`);
  if (statistics.failed > 0) parts.push(`${count(statistics.failed)} failed`);
  if (statistics.refusals > 0) parts.push(`${count(statistics.refusals)} refusals`);
  return parts.join(' · ');
}

/** How full each window limit is; with several models, each named by its model, the fullest first. */
function limitTexts({ manager, models }: LiveBatch): string[] {
  const limits = manager
    .getRegisteredModels()
    .flatMap((model) => manager.getQueueInfo(model).rateLimiters.map(({ type, usage, limit }) => ({ model, type, part: usage / limit })))
    .filter(({ type }) => type !== 'concurrent');
  if (limits.length > MOST_LIMITS) limits.sort((a, b) => b.part - a.part);
  return limits.slice(0, MOST_LIMITS).map(({ model, type, part }) => `${models.length > 1 ? `${model} ` : ''}${type} ${percent(part, 0)}`);
}
