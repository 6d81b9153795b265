import { Gauge, Histogram, type Registry } from 'prom-client';

const FIRST_TOKEN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120];

/** Streams on their way to callers. */
export class StreamMetrics {
  /** Models by the id of the request. */
  readonly #active = new Map<string, string>();
  readonly #firstToken: Histogram<'model'>;

  constructor(registry: Registry) {
    const active = this.#active;
    const registers = [registry];
    this.#firstToken = new Histogram({
      name: 'headgate_first_token_seconds',
      help: "From a request's arrival to its stream's first content.",
      labelNames: ['model'],
      buckets: FIRST_TOKEN_SECONDS,
      registers,
    });
    new Gauge({
      name: 'headgate_active_streams',
      help: 'Streams that have begun and not ended.',
      labelNames: ['model'],
      registers,
      collect() {
        this.reset();
        for (const model of active.values()) this.inc({ model });
      },
    });
  }

  began(requestId: string, model: string, afterSeconds: number): void {
    this.#active.set(requestId, model);
    this.#firstToken.observe({ model }, afterSeconds);
  }

  ended(requestId: string): void {
    this.#active.delete(requestId);
  }
}
