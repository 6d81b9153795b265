import type { TelemetryEntry, TelemetryRecord, TelemetrySink } from '../../src/domain/telemetry.ts';

/** A sink that takes batches, and goes down and comes back as a test says. */
export class FlakySink implements TelemetrySink {
  /** `before`: it stores nothing; `after`: it stores, and the connection breaks before it says so. */
  down: 'no' | 'before' | 'after' = 'no';
  readonly stored = new Map<string, Readonly<TelemetryRecord>>();
  readonly batches: number[] = [];
  readonly log: string[] = [];

  get ids(): string[] {
    return [...this.stored.values()].map(({ reqId }) => reqId);
  }

  async connect(): Promise<void> {
    this.log.push('connect');
    if (this.down === 'before') throw new Error('connection refused');
  }

  async disconnect(): Promise<void> {
    this.log.push('disconnect');
  }

  async insertTelemetryData(): Promise<void> {
    throw new Error('batches were asked for');
  }

  async insertTelemetryBatch(entries: readonly TelemetryEntry[]): Promise<void> {
    this.log.push('insert');
    if (this.down === 'before') throw new Error('server closed the connection');
    for (const { id, record } of entries) if (!this.stored.has(id)) this.stored.set(id, record);
    if (this.down === 'after') throw new Error('connection reset');
    this.batches.push(entries.length);
  }
}
