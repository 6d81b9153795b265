import type { Clock } from '../../domain/clock.ts';
import type { BatchOptions } from './batch-options.ts';
import type { BatchStatistics } from './batch-statistics.ts';
import type { OutputPlace } from './earlier-run.ts';
import { type RunFile, writeRunFile } from './run-file.ts';
import type { InputScan } from './scan-input.ts';
import type { SentRecord } from './sent-ledger.ts';

/** What a {@link RunRecord} is made of. */
export interface RunRecordParts {
  readonly clock: Clock;
  readonly place: OutputPlace;
  readonly options: BatchOptions;
  readonly scan: InputScan;
  readonly inputName: string;
  readonly statistics: BatchStatistics;
}

/** Keeps `OUT.run.json` as the run goes on. */
export class RunRecord {
  readonly #clock: Clock;
  readonly #place: OutputPlace;
  readonly #statistics: BatchStatistics;
  readonly #fixed: Pick<RunFile, 'version' | 'command' | 'input' | 'flags' | 'startedAt'>;
  readonly #total: number;

  constructor({ clock, place, options, scan, inputName, statistics }: RunRecordParts) {
    this.#clock = clock;
    this.#place = place;
    this.#statistics = statistics;
    this.#total = scan.total;
    const { command } = options;
    const input = { name: inputName, bytes: scan.bytes, sha256: scan.sha256 };
    this.#fixed = { version: 1, command, input, flags: flagsOf(options), startedAt: this.#timestamp() };
  }

  /** Replaces the file. @throws UsageError where that fails */
  write(sent: readonly SentRecord[], options: { readonly isDurable?: boolean } = {}): void {
    if (!this.#place.isResumable) return;
    const { completed, failed, skipped } = this.#statistics;
    const counts = { total: this.#total, completed, failed, skipped };
    const content: RunFile = { ...this.#fixed, counts, updatedAt: this.#timestamp(), sent: sent.map(mutable) };
    writeRunFile(this.#place.path, content, options);
  }

  #timestamp(): string {
    return new Date(this.#clock.wallMs()).toISOString();
  }
}

function mutable({ model, type, windowMs, slots }: SentRecord): RunFile['sent'][number] {
  return { model, type, windowMs, slots: slots.map(([endMs, amount]) => [endMs, amount]) };
}

/** Flags that explain the output; the URL without whatever secret it may carry. Of a configuration its name only. */
function flagsOf(options: BatchOptions): RunFile['flags'] {
  if (options.config !== undefined) {
    const { model = null, configPath, concurrency, lineLimit = null } = options;
    return { model, config: configPath, concurrency, limit: lineLimit };
  }
  const { origin, pathname } = new URL(options.baseUrl);
  const limits = Object.fromEntries(options.limits.map(({ type, limit }) => [type, limit]));
  return {
    model: options.model ?? null,
    baseUrl: origin + pathname,
    ...limits,
    windowSeconds: options.windowSeconds ?? null,
    concurrency: options.concurrency,
    limit: options.lineLimit ?? null,
  };
}
