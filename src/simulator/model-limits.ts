import { LimitAccount } from './limits/limit-account.ts';
import type { SimulatedLimit } from './limits/simulated-limit.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Without a list of models any name is taken, but only so many: each costs memory. */
const MOST_MODELS = 1000;

/** Which limits a model's calls count on: shared ones, those named for it, and its own copy of the unnamed ones. */
export class ModelLimits {
  readonly #specs: readonly SimulatedLimit[];
  readonly #known: ReadonlySet<string> | undefined;
  readonly #random: SeededRandom;
  readonly #shared = new Map<SimulatedLimit, LimitAccount>();
  readonly #byModel = new Map<string, readonly LimitAccount[]>();
  readonly #all: LimitAccount[] = [];

  constructor(specs: readonly SimulatedLimit[], models: readonly string[] | undefined, random: SeededRandom) {
    this.#specs = specs;
    this.#known = models && new Set(models);
    this.#random = random;
    for (const spec of specs) if (spec.shared) this.#shared.set(spec, this.#open(spec, '*'));
    for (const model of models ?? specs.flatMap((spec) => spec.model ?? [])) this.of(model);
  }

  /** Every limit opened so far. */
  get all(): readonly LimitAccount[] {
    return this.#all;
  }

  /** Models seen or configured. */
  get models(): readonly string[] {
    return [...this.#byModel.keys()];
  }

  /** Undefined: there is no such model. */
  of(model: string): readonly LimitAccount[] | undefined {
    const found = this.#byModel.get(model);
    if (found) return found;
    if (this.#known ? !this.#known.has(model) : this.#byModel.size >= MOST_MODELS) return undefined;
    const accounts = this.#specs
      .filter((spec) => spec.model === undefined || spec.model === model)
      .map((spec) => this.#shared.get(spec) ?? this.#open(spec, model));
    this.#byModel.set(model, accounts);
    return accounts;
  }

  #open(spec: SimulatedLimit, model: string): LimitAccount {
    const account = new LimitAccount(spec, model, this.#random);
    this.#all.push(account);
    return account;
  }
}
