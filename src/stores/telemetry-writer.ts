import type { Clock } from '../domain/clock.ts';
import { textOf } from '../domain/errors.ts';
import type { EasyLogger } from '../domain/logger.ts';
import type { TelemetryEntry, TelemetryRecord, TelemetrySink } from '../domain/telemetry.ts';
import { uuidSource } from '../lib/ids.ts';
import { Pause } from '../lib/pause.ts';
import { macrotask } from '../lib/system-clock.ts';
import { withTimeout } from '../lib/with-timeout.ts';
import { type BufferBounds, TelemetryBuffer } from './telemetry-buffer.ts';

/** Records that may wait for a sink that is slow or down; more are lost. */
export const TELEMETRY_BUFFER: BufferBounds = { records: 10_000, bytes: 32 * 1024 * 1024 };
/** What a sink gets at once: small enough that writing it holds up nothing else for long. */
const BATCH: BufferBounds = { records: 64, bytes: 1024 * 1024 };
/** How long records are gathered: one write for all of them. */
const GATHER_MS = 100;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;
/** While somebody waits for it to close. */
const LONGEST_LAST_RETRY_MS = 1_000;
const CLOSE_MS = 30_000;

export interface TelemetryWriterOptions {
  readonly sink: TelemetrySink;
  readonly clock: Clock;
  readonly logger: EasyLogger;
  readonly buffer?: BufferBounds | undefined;
}

/** Hands records to a sink, in their order and in batches. Whatever the sink does, requests go on. */
export class TelemetryWriter {
  /** Records that were lost: there was no room for them, or a sink failed that can't be asked twice. */
  lost = 0;
  readonly #sink: TelemetrySink;
  readonly #clock: Clock;
  readonly #logger: EasyLogger;
  readonly #buffer: TelemetryBuffer;
  readonly #pause: Pause;
  /** Ids of one writer follow each other, which databases sort in more easily than random ones. */
  readonly #ownId = uuidSource()();
  #taken = 0;
  #connecting: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #failuresInARow = 0;
  /** Since there was no room any more; each such time is told once. */
  #overflowing = false;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor({ sink, clock, logger, buffer = TELEMETRY_BUFFER }: TelemetryWriterOptions) {
    this.#sink = sink;
    this.#clock = clock;
    this.#logger = logger;
    this.#buffer = new TelemetryBuffer(buffer);
    this.#pause = new Pause(clock);
  }

  /** Records that wait. */
  get waiting(): number {
    return this.#buffer.size;
  }

  /** Connects the sink, once; after a failure it may be called again. */
  connect(): Promise<void> {
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  /** Takes the record itself: its maker writes no further in it. */
  write(record: TelemetryRecord): void {
    if (this.#state === 'closed' || !this.#buffer.push({ id: this.#nextId(), record })) this.#overflow();
    else this.#writing ??= this.#writeAll();
  }

  /** Writes what waits, as far as that is possible by then, and disconnects the sink. Never rejects. */
  async close(deadlineMs = CLOSE_MS): Promise<void> {
    this.#state = 'closing';
    this.#pause.end();
    const inTime = await this.#within(deadlineMs, async () => this.#writing);
    this.#state = 'closed';
    this.#pause.end();
    const left = this.#buffer.size;
    this.#buffer.drop(left);
    if (left > 0) {
      this.lost += left;
      this.#logger.error({ left, lost: this.lost }, 'telemetry records are lost: the sink did not take them in time');
    }
    await this.#within(inTime ? deadlineMs : FIRST_RETRY_MS, async () => this.#sink.disconnect());
  }

  #nextId(): string {
    return `${this.#ownId}-${String(this.#taken++).padStart(12, '0')}`;
  }

  async #connect(): Promise<void> {
    await this.#sink.connect();
  }

  async #writeAll(): Promise<void> {
    // A sink that can't take several gets each one at once, though not before whoever writes keeps this promise.
    if (this.#sink.insertTelemetryBatch === undefined) await undefined;
    else if (this.#state === 'open') await this.#pause.wait(GATHER_MS);
    while (this.#buffer.size > 0) {
      const taken = this.#sink.insertTelemetryBatch === undefined ? await this.#writeOne() : await this.#writeBatch();
      if (this.#state === 'closed') break;
      this.#buffer.drop(taken);
    }
    this.#overflowing = false;
    this.#writing = undefined;
  }

  /** How many are done with: stored or lost. */
  async #writeOne(): Promise<number> {
    for (const { record } of this.#buffer.first({ records: 1, bytes: 0 })) {
      try {
        await this.#sink.insertTelemetryData(record);
      } catch (error) {
        this.lost++;
        this.#logger.error({ reason: textOf(error), reqId: record.reqId, failures: this.lost }, 'a telemetry record was lost');
      }
    }
    return 1;
  }

  async #writeBatch(): Promise<number> {
    const batch: readonly TelemetryEntry[] = this.#buffer.first(BATCH);
    try {
      await this.connect();
      await this.#sink.insertTelemetryBatch?.(batch);
    } catch (error) {
      await this.#failed(error);
      return 0;
    }
    if (this.#failuresInARow > 0) this.#logger.info({ lost: this.lost }, 'the telemetry sink takes records again');
    this.#failuresInARow = 0;
    // A sink that is done at once, as a local file, would let nothing else run until the buffer is empty.
    await macrotask();
    return batch.length;
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#failuresInARow++ === 0) {
      this.#logger.error({ reason: textOf(error), waiting: this.#buffer.size }, 'the telemetry sink failed; records wait for it');
    }
    const longest = this.#state === 'open' ? LONGEST_RETRY_MS : LONGEST_LAST_RETRY_MS;
    if (this.#state !== 'closed')
      await this.#pause.wait(Math.min(FIRST_RETRY_MS * 2 ** (this.#failuresInARow - 1), longest), { background: true });
  }

  #overflow(): void {
    this.lost++;
    if (this.#overflowing) return;
    this.#overflowing = true;
    this.#logger.error({ waiting: this.#buffer.size, lost: this.lost }, 'telemetry records are lost: their sink is down or too slow');
  }

  /** Whether it was done by then. */
  async #within(ms: number, work: () => Promise<void>): Promise<boolean> {
    try {
      await withTimeout(work, ms / 1000, this.#clock);
      return true;
    } catch (error) {
      this.#logger.error({ reason: textOf(error) }, 'the telemetry sink did not close in time, or failed to');
      return false;
    }
  }
}
