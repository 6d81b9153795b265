import type { Clock } from '../domain/clock.ts';
import { counted } from '../lib/counted.ts';
import type { LiveBatch } from './batch/batch-sending.ts';
import { count, duration, percent } from './format.ts';
import { type ProgressStream, showLive } from './live-text.ts';
import { ProgressRate } from './progress-rate.ts';
import { Standstill } from './standstill.ts';

const BAR_WIDTH = 24;
const MOST_LIMITS = 4;

/** Shows how a run goes on: a bar that stays on its line on a terminal, a plain line every few seconds elsewhere. Returns how to end it. */
export function showProgress(live: LiveBatch, stream: ProgressStream, clock: Clock): () => void {
  // What an earlier run finished takes no time now.
  const doneNow = (): number => live.statistics.done - live.statistics.skipped;
  const rate = new ProgressRate(doneNow(), clock.now());
  const standstill = new Standstill(live.manager, clock);
  if (live.dropped > 0) stream.write(`${counted(live.dropped, 'failed or torn line')} of an earlier run will run again\n`);
  return showLive(stream, clock, (isTerminal) => {
    rate.sample(doneNow(), clock.now());
    // Where lines are few, each tells how it stands.
    return progressText(live, rate, isTerminal, standstill.reason(!isTerminal));
  });
}

/** `[###…] 1,234/2,000 61.7 % · 85.2/s · rpm 97 % · tpm 42 % · ETA 9.0 s · 3 failed` */
function progressText(live: LiveBatch, rate: ProgressRate, withBar: boolean, reason: string | undefined): string {
  const { total, statistics } = live;
  const part = total === 0 ? 1 : statistics.done / total;
  const filled = Math.round(part * BAR_WIDTH);
  // A reason takes the whole line.
  const bar = withBar && reason === undefined ? `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ` : '';
  const parts = [
    `${bar}${count(statistics.done)}/${count(total)} ${percent(part)}`,
    ...(reason === undefined
      ? [`${rate.perSecond.toFixed(1)}/s`, ...limitTexts(live), `ETA ${duration(rate.remainingMs(total - statistics.done))}`]
      : [reason]),
  ];
  if (statistics.skipped > 0) parts.push(`${count(statistics.skipped)} done earlier`);
  if (statistics.failed > 0) parts.push(`${count(statistics.failed)} failed`);
  if (statistics.refusals > 0) parts.push(counted(statistics.refusals, 'refusal'));
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
