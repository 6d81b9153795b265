import { LimitAccount } from './limits/limit-account.ts';
import type { LimitChange, SimulatedLimit } from './limits/simulated-limit.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Without a list of models any name is taken, but only so many: each costs memory. */
const MOST_MODELS = 1000;

/** What all books of a provider have in common. */
export interface BooksPlan {
  readonly specs: readonly SimulatedLimit[];
  /** The models that exist; undefined: any. */
  readonly models: readonly string[] | undefined;
  /** Accounts of limits across keys, by limit and model. */
  readonly acrossKeys: Map<string, LimitAccount>;
}

/** Which limits a model's calls count on, in one key's books: shared ones, those named for it, and its own copy of the unnamed ones. */
export class ModelLimits {
  readonly #plan: BooksPlan;
  readonly #known: ReadonlySet<string> | undefined;
  readonly #random: SeededRandom;
  readonly #key: number | undefined;
  readonly #shared = new Map<SimulatedLimit, LimitAccount>();
  readonly #byModel = new Map<string, readonly LimitAccount[]>();
  readonly #all: LimitAccount[] = [];
  #changes: readonly LimitChange[] = [];

  /** @param key the place of the books' key in the list of keys, where there is one */
  constructor(plan: BooksPlan, random: SeededRandom, key: number | undefined) {
    this.#plan = plan;
    this.#known = plan.models && new Set(plan.models);
    this.#random = random;
    this.#key = key;
    for (const spec of plan.specs) if (spec.shared) this.#shared.set(spec, this.#open(spec, '*'));
    for (const model of plan.models ?? plan.specs.flatMap((spec) => spec.model ?? [])) this.of(model);
  }

  /** Every limit opened in these books so far. */
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
    const accounts = this.#plan.specs
      .filter((spec) => spec.model === undefined || spec.model === model)
      .map((spec) => this.#shared.get(spec) ?? this.#open(spec, model));
    this.#byModel.set(model, accounts);
    return accounts;
  }

  /** Resizes the limits it names, those of models that come later included. */
  resize(change: LimitChange, now: number): void {
    const others = this.#changes.filter(
      ({ type, model }) => type !== change.type || (change.model !== undefined && model !== change.model),
    );
    this.#changes = [...others, change];
    for (const account of this.#all) if (concerns(change, account)) account.resize(change.limit, now);
  }

  #open(spec: SimulatedLimit, model: string): LimitAccount {
    if (!spec.acrossKeys) return this.#opened(new LimitAccount(spec, model, this.#random, this.#key));
    const name = `${this.#plan.specs.indexOf(spec)} ${model}`;
    const common = this.#plan.acrossKeys.get(name);
    if (common) return common;
    const account = this.#opened(new LimitAccount(spec, model, this.#random));
    this.#plan.acrossKeys.set(name, account);
    return account;
  }

  #opened(account: LimitAccount): LimitAccount {
    this.#all.push(account);
    for (const change of this.#changes) if (concerns(change, account)) account.resize(change.limit, 0);
    return account;
  }
}

function concerns(change: LimitChange, account: LimitAccount): boolean {
  return change.type === account.spec.type && (change.model === undefined || change.model === account.model);
}
