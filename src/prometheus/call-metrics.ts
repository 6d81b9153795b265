import { Counter, Histogram, type Registry } from 'prom-client';
import { LabelValues, OTHER } from './label-values.ts';

/** What is counted of a call once it is over. */
export interface CountedCall {
  readonly model: string;
  /** Empty: nobody in particular. */
  readonly tenant: string;
  readonly outcome: string;
  readonly attempts: number;
  /** Undefined: it never stood in line. */
  readonly queueMs: number | undefined;
}

interface Tally {
  readonly labels: { readonly model: string; readonly tenant: string; readonly outcome: string };
  readonly observeQueue: (seconds: number) => void;
  calls: number;
  attempts: number;
}

const MOST_MODELS = 200;
const MOST_TENANTS = 200;
/** Models × tenants; each has some twenty series. */
const MOST_PAIRS = 500;
const QUEUE_SECONDS = [0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600];

/** What happened to calls, by model and tenant. Counted in plain numbers; prom-client sees them when somebody scrapes. */
export class CallMetrics {
  readonly #isModel: (model: string) => boolean;
  readonly #models = new LabelValues(MOST_MODELS);
  readonly #tenants = new LabelValues(MOST_TENANTS);
  readonly #pairs = new LabelValues(MOST_PAIRS);
  readonly #tallies = new Map<string, Tally>();
  readonly #queueSeconds: Histogram<'model' | 'tenant' | 'outcome'>;

  /** @param isModel whether a model exists: names that callers make up are no label */
  constructor(registry: Registry, isModel: (model: string) => boolean) {
    this.#isModel = isModel;
    const tallies = this.#tallies;
    const registers = [registry];
    const labelNames = ['model', 'tenant', 'outcome'] as const;
    new Counter({
      name: 'headgate_requests_total',
      help: 'Requests that are over, by what became of them.',
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const { labels, calls } of tallies.values()) this.inc(labels, calls);
      },
    });
    new Counter({
      name: 'headgate_attempts_total',
      help: 'Calls of providers for requests that are over; refused ones not counted.',
      labelNames: ['model', 'tenant'],
      registers,
      collect() {
        this.reset();
        for (const { labels, attempts } of tallies.values()) this.inc({ model: labels.model, tenant: labels.tenant }, attempts);
      },
    });
    this.#queueSeconds = new Histogram({
      name: 'headgate_queue_seconds',
      help: 'Time in queue of requests that are over.',
      labelNames,
      buckets: QUEUE_SECONDS,
      registers,
    });
  }

  /** The label of a model. */
  model(name: string): string {
    return this.#isModel(name) ? this.#models.of(name) : OTHER;
  }

  /** The labels of a model and a tenant. */
  pair(model: string, tenant: string): { readonly model: string; readonly tenant: string } {
    const one = this.model(model);
    const of = this.#tenants.of(tenant);
    return this.#pairs.of(`${one}\n${of}`) === OTHER ? { model: one, tenant: OTHER } : { model: one, tenant: of };
  }

  finished({ model, tenant, outcome, attempts, queueMs }: CountedCall): void {
    const tally = this.#tally(model, tenant, outcome);
    tally.calls++;
    tally.attempts += attempts;
    if (queueMs !== undefined) tally.observeQueue(queueMs / 1000);
  }

  #tally(model: string, tenant: string, outcome: string): Tally {
    const labels = { ...this.pair(model, tenant), outcome };
    const key = `${labels.model}\n${labels.tenant}\n${outcome}`;
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const histogram = this.#queueSeconds.labels(labels);
    const tally: Tally = { labels, observeQueue: (seconds) => histogram.observe(seconds), calls: 0, attempts: 0 };
    this.#tallies.set(key, tally);
    return tally;
  }
}
