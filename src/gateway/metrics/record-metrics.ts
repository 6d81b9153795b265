import { Counter, Gauge, type Registry } from 'prom-client';

/** Telemetry records on their way to a sink. */
export function registerRecordMetrics(registry: Registry, records: { readonly waiting: number; readonly lost: number }): void {
  new Gauge({
    name: 'headgate_telemetry_waiting',
    help: 'Telemetry records that wait for their sink.',
    registers: [registry],
    collect() {
      this.set(records.waiting);
    },
  });
  new Counter({
    name: 'headgate_telemetry_lost_total',
    help: 'Telemetry records that were lost, because their sink was down for longer than the buffer holds.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(records.lost);
    },
  });
}
