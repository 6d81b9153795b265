import type { TelemetryWriter } from '../../stores/telemetry-writer.ts';
import type { CallObserver, FinishedCall } from '../calls/finished-call.ts';
import type { Prices } from './cost-of.ts';
import { telemetryRecordOf } from './telemetry-record-of.ts';

/** Leaves a record of every call. */
export class TelemetryObserver implements CallObserver {
  readonly #writer: TelemetryWriter;
  readonly #prices: Prices;

  constructor(writer: TelemetryWriter, prices: Prices) {
    this.#writer = writer;
    this.#prices = prices;
  }

  finished(call: FinishedCall): void {
    this.#writer.write(telemetryRecordOf(call, this.#prices));
  }
}
