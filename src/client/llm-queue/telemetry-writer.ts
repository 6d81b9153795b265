import { textOf } from '../../domain/errors.ts';
import type { EasyLogger } from '../../domain/logger.ts';
import type { TelemetryRecord, TelemetrySink } from '../../domain/telemetry.ts';
import { Fifo } from '../../lib/fifo.ts';

/** Records that may wait for a slow sink; more are dropped. */
const MOST_WAITING = 10_000;

/** Hands records to a sink, one after the other in their order. Whatever the sink does, requests go on. */
export class TelemetryWriter {
  /** Records that were lost: the sink failed, or was too slow. */
  failures = 0;
  readonly #sink: TelemetrySink;
  readonly #logger: EasyLogger;
  readonly #waiting = new Fifo<Readonly<TelemetryRecord>>();
  #writing: Promise<void> | undefined;

  constructor(sink: TelemetrySink, logger: EasyLogger) {
    this.#sink = sink;
    this.#logger = logger;
  }

  async connect(): Promise<void> {
    await this.#sink.connect();
  }

  /** Takes the record as it is now; executors may keep theirs and write on. */
  write(record: TelemetryRecord): void {
    if (this.#waiting.size >= MOST_WAITING) {
      this.#lost('the sink is too slow', record.reqId);
      return;
    }
    this.#waiting.push({ ...record });
    this.#writing ??= this.#writeAll();
  }

  /** Writes what waits, then disconnects the sink. Never rejects. */
  async close(): Promise<void> {
    await this.#writing;
    try {
      await this.#sink.disconnect();
    } catch (error) {
      this.#logger.error({ reason: textOf(error) }, 'the telemetry sink failed to disconnect');
    }
  }

  async #writeAll(): Promise<void> {
    // Only then does the caller keep this promise: a sink that throws at once would end the loop before that.
    await undefined;
    for (let record = this.#waiting.shift(); record !== undefined; record = this.#waiting.shift()) {
      try {
        await this.#sink.insertTelemetryData(record);
      } catch (error) {
        this.#lost(textOf(error), record.reqId);
      }
    }
    this.#writing = undefined;
  }

  #lost(reason: string, reqId: string): void {
    this.failures++;
    this.#logger.error({ reason, reqId, failures: this.failures }, 'a telemetry record was lost');
  }
}
