import { InvalidConfiguration } from '../domain/errors.ts';
import type { LimitAccount } from './limits/limit-account.ts';
import { checkLimitChange, type LimitChange } from './limits/simulated-limit.ts';
import { type BooksPlan, ModelLimits } from './model-limits.ts';
import { SeededRandom } from './seeded-random.ts';
import type { SimulatedProviderOptions } from './simulator-options.ts';

/** Distance between the seeds of two keys' books. */
const SEED_STEP = 0x10001;

/** The books of each key: two keys have twice the capacity, but for limits across keys. Without keys there is one book for everybody. */
export class KeyBooks {
  readonly #keys: ReadonlyMap<string, ModelLimits> | undefined;
  readonly #books: readonly ModelLimits[];
  readonly #first: ModelLimits;

  constructor(options: SimulatedProviderOptions, seed: number) {
    const plan: BooksPlan = { specs: options.limits, models: options.models, acrossKeys: new Map() };
    const { apiKeys, apiKey } = options;
    this.#first = new ModelLimits(plan, new SeededRandom(seed), apiKeys && 0);
    const more = (apiKeys ?? []).slice(1).map((_, at) => new ModelLimits(plan, new SeededRandom(seed + SEED_STEP * (at + 1)), at + 1));
    this.#books = [this.#first, ...more];
    const names = apiKeys ?? (apiKey === undefined ? undefined : [apiKey]);
    this.#keys = names && new Map(names.map((name, at) => [name, this.#books[at] ?? this.#first]));
  }

  /** Every limit opened so far. */
  get all(): readonly LimitAccount[] {
    return this.#books.flatMap((books) => books.all);
  }

  /** Models seen or configured. */
  get models(): readonly string[] {
    return [...new Set(this.#books.flatMap((books) => books.models))];
  }

  /** Whether a caller with this key (or none) is let in. */
  knows(key: string | undefined): boolean {
    return !this.#keys || (key !== undefined && this.#keys.has(key));
  }

  /** The books of a key, of the first one where none is named; undefined: there is no such key. */
  of(key: string | undefined): ModelLimits | undefined {
    return key === undefined || !this.#keys ? this.#first : this.#keys.get(key);
  }

  /** @throws InvalidConfiguration where a type or size is wrong, or a key's place is not in the list; then nothing has changed */
  resize(changes: readonly LimitChange[], now: number): void {
    for (const [index, change] of changes.entries()) {
      checkLimitChange(change, `limits[${index}]`);
      if (change.key !== undefined && !this.#books[change.key]) {
        const last = this.#books.length - 1;
        throw new InvalidConfiguration(
          `limits[${index}].key is ${change.key}; expected a key's place from 0 to ${last}.`,
          `limits[${index}].key`,
        );
      }
    }
    for (const change of changes) {
      for (const [at, books] of this.#books.entries()) if (change.key === undefined || change.key === at) books.resize(change, now);
    }
  }
}
