import { OutputHistogram } from './output-histogram.ts';
import { RecentKeys } from './recent-keys.ts';

/** What a forecast may be made from. */
export interface OutputForecastOptions {
  /** Share of the calls that produce no more than is forecast; default 0.9. */
  readonly quantile?: number | undefined;
  /** Reserved for a call that sets no limit while too little is known; default 1,024. */
  readonly unknownOutput?: number | undefined;
}

const DEFAULT_QUANTILE = 0.9;
const DEFAULT_UNKNOWN = 1_024;
/** Fewer outputs say too little of their tail. */
const ENOUGH = 20;
const MOST_KEYS = 256;

/**
 * Forecasts a call's output from what earlier calls of its model with about the same output limit (within a factor
 * of two) produced: a quantile, so that the stated share of the calls stays below it; never more than the call's own
 * limit. Until 20 outputs are known it is that limit, or `unknownOutput`. What is produced later weighs more. Only for
 * providers that charge what is really produced. Remembers the 256 pairs of model and limit used last, each in 1.4 kB.
 */
export class OutputForecast {
  readonly #quantile: number;
  readonly #unknown: number;
  readonly #outputs = new RecentKeys<OutputHistogram>(MOST_KEYS);
  #last: { readonly model: string; readonly maxOutput: number | undefined; readonly key: string } = {
    model: '',
    maxOutput: undefined,
    key: '',
  };

  constructor(options: OutputForecastOptions = {}) {
    const { quantile = DEFAULT_QUANTILE } = options;
    this.#quantile = Math.min(1, Math.max(0, quantile));
    this.#unknown = options.unknownOutput ?? DEFAULT_UNKNOWN;
  }

  /** Tokens to reserve. @param maxOutput the call's own limit, where it sets one */
  expected(model: string, maxOutput: number | undefined): number {
    const outputs = this.#outputs.get(this.#keyOf(model, maxOutput));
    if (outputs === undefined || outputs.samples < ENOUGH) return maxOutput ?? this.#unknown;
    return Math.min(maxOutput ?? Number.POSITIVE_INFINITY, outputs.quantile(this.#quantile));
  }

  /** A call with this limit produced `output` tokens. */
  report(model: string, maxOutput: number | undefined, output: number): void {
    if (!(output >= 0 && Number.isFinite(output))) return;
    const key = this.#keyOf(model, maxOutput);
    let outputs = this.#outputs.get(key);
    if (outputs === undefined) {
      outputs = new OutputHistogram();
      this.#outputs.set(key, outputs);
    }
    outputs.add(output);
  }

  /** Mostly the one before: a key that is put together anew has to be hashed anew. */
  #keyOf(model: string, maxOutput: number | undefined): string {
    if (model !== this.#last.model || maxOutput !== this.#last.maxOutput) this.#last = { model, maxOutput, key: keyOf(model, maxOutput) };
    return this.#last.key;
  }
}

function keyOf(model: string, maxOutput: number | undefined): string {
  return maxOutput === undefined ? model : `${model}\n${Math.round(Math.log2(Math.max(1, maxOutput)))}`;
}
