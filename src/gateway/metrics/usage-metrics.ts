import { Counter, type Registry } from 'prom-client';
import type { WireUsage } from '../../providers/provider.ts';

interface Labels {
  readonly model: string;
  readonly tenant: string;
}

interface Used {
  readonly labels: Labels;
  input: number;
  cachedInput: number;
  output: number;
  cost: number;
}

/** What calls used and cost, by the model that answered. Counted in plain numbers; prom-client sees them when somebody scrapes. */
export class UsageMetrics {
  readonly #used = new Map<string, Used>();

  constructor(registry: Registry) {
    const used = this.#used;
    const registers = [registry];
    new Counter({
      name: 'headgate_tokens_total',
      help: 'Tokens that requests used; cached_input is a part of input.',
      labelNames: ['model', 'tenant', 'kind'],
      registers,
      collect() {
        this.reset();
        for (const { labels, input, cachedInput, output } of used.values()) {
          this.inc({ ...labels, kind: 'input' }, input);
          this.inc({ ...labels, kind: 'cached_input' }, cachedInput);
          this.inc({ ...labels, kind: 'output' }, output);
        }
      },
    });
    new Counter({
      name: 'headgate_cost_total',
      help: "What requests cost, by the configuration's prices and in their currency.",
      labelNames: ['model', 'tenant'],
      registers,
      collect() {
        this.reset();
        for (const { labels, cost } of used.values()) this.inc({ ...labels }, cost);
      },
    });
  }

  used(labels: Labels, usage: WireUsage, cost = 0): void {
    const key = `${labels.model}\n${labels.tenant}`;
    const sum = this.#used.get(key) ?? { labels, input: 0, cachedInput: 0, output: 0, cost: 0 };
    this.#used.set(key, sum);
    sum.input += usage.allInputTokens ?? usage.inputTokens;
    sum.cachedInput += usage.cachedInputTokens ?? 0;
    sum.output += usage.outputTokens;
    sum.cost += cost;
  }
}
