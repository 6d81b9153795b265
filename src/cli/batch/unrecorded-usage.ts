import type { SentRecord, WindowLimit } from './sent-ledger.ts';

/** What is known of the run before this one. */
export interface EarlierRecord {
  readonly sent: readonly SentRecord[];
  /** The window its per-minute limits had, in ms, if it was given. */
  readonly windowMs: number | undefined;
  /** Epoch milliseconds of the last sign of it. */
  readonly lastActiveAt: number;
  /** How many requests it finished. */
  readonly finished: number;
}

/**
 * The earlier run's records, with a full limit put down at its last moment wherever it kept none that would do: it ran
 * without that limit, or with a shorter window. Nobody knows what it sent then, so the limit starts as if it were used up;
 * a daily one, which would block for a day, as if all that was finished had been sent today.
 */
export function withUnrecordedUsage(limits: readonly WindowLimit[], earlier: EarlierRecord): SentRecord[] {
  const assumed = limits
    .filter((limit) => !isRecorded(limit, earlier))
    .map(
      ({ model, type, limit }): SentRecord => ({
        model,
        type,
        slots: [[earlier.lastActiveAt, isDaily(type) ? Math.min(limit, earlier.finished) : limit]],
      }),
    );
  const kept = earlier.sent.filter((record) => !assumed.some(({ model, type }) => model === record.model && type === record.type));
  return [...kept, ...assumed];
}

function isRecorded({ model, type, windowMs }: WindowLimit, earlier: EarlierRecord): boolean {
  const record = earlier.sent.find((each) => each.model === model && each.type === type);
  if (record === undefined) return false;
  const recordedMs = record.windowMs ?? (isDaily(type) ? windowMs : (earlier.windowMs ?? 60_000));
  return recordedMs >= windowMs;
}

function isDaily(type: string): boolean {
  return type === 'rpd' || type === 'tpd';
}
