import type { Clock } from '../../domain/clock.ts';
import { systemClock } from '../../lib/system-clock.ts';
import { isObject, refuseSetting } from '../check-input.ts';

/**
 * Chooses a model for each call; may be replaced. Ids are the models' `uniqueModelId`. Where one of the user's throws, that is
 * logged, and models are chosen as without it.
 */
export interface LoadBalancer {
  /** Whether a model takes a call now: this one, or any. */
  hasAvailableLlm(specificLlmId?: string): boolean;
  /** A model that takes `numCalls` calls now, which count from here on; undefined: none does. */
  getAvailableLlmId(numCalls: number, specificLlmId?: string): string | undefined;
  /** A call of this model failed. */
  registerError(llmId: string): void;
  /**
   * Milliseconds until a model takes a call if nothing else happens; undefined: time alone won't help. A balancer without it
   * is asked again whenever something happened, and once in the time that the quickest model needs between two calls.
   */
  msUntilAvailable?(specificLlmId?: string): number | undefined;
}

/** What an evenly spaced balancer knows of a model. */
export interface SpacedModel {
  readonly id: string;
  /** Default: no limit. */
  readonly reqPerMin?: number | undefined;
  /** How long it rests after an error, in seconds; default 60. */
  readonly errorBackoffInSeconds?: number | undefined;
}

interface State {
  readonly spacingMs: number;
  readonly backoffMs: number;
  dueAt: number;
  restsUntil: number;
}

/**
 * Evenly spaced round robin: begins behind the model chosen last; a model takes a call when 60 s ÷ its requests per minute ×
 * the calls of its last request have passed, and it does not rest after an error.
 */
export class EvenlySpacedRequestLB implements LoadBalancer {
  readonly #clock: Clock;
  readonly #models: ReadonlyMap<string, State>;
  readonly #ids: readonly string[];
  #last = -1;

  /** Models with the same id are replicas: their requests per minute add up. */
  constructor(models: readonly SpacedModel[], clock: Clock = systemClock) {
    if (!Array.isArray(models) || !models.every((model) => isObject(model) && typeof model['id'] === 'string'))
      refuseSetting('models', models, 'a list of models with an id');
    this.#clock = clock;
    const rates = new Map<string, number>();
    for (const { id, reqPerMin = Number.POSITIVE_INFINITY } of models) rates.set(id, (rates.get(id) ?? 0) + reqPerMin);
    const never = Number.NEGATIVE_INFINITY;
    this.#models = new Map(
      models.map(({ id, errorBackoffInSeconds = 60 }) => [
        id,
        { spacingMs: 60_000 / (rates.get(id) ?? 1), backoffMs: errorBackoffInSeconds * 1000, dueAt: never, restsUntil: never },
      ]),
    );
    this.#ids = [...this.#models.keys()];
  }

  hasAvailableLlm(specificLlmId?: string): boolean {
    return (this.msUntilAvailable(specificLlmId) ?? 1) <= 0;
  }

  getAvailableLlmId(numCalls: number, specificLlmId?: string): string | undefined {
    const now = this.#clock.now();
    for (let step = 1; step <= this.#ids.length; step++) {
      const index = (this.#last + step) % this.#ids.length;
      const id = this.#ids[index] as string;
      const state = this.#models.get(id) as State;
      if ((specificLlmId !== undefined && specificLlmId !== id) || freeAt(state) > now) continue;
      state.dueAt = now + state.spacingMs * numCalls;
      if (specificLlmId === undefined) this.#last = index;
      return id;
    }
    return undefined;
  }

  registerError(llmId: string): void {
    const state = this.#models.get(llmId);
    if (state !== undefined) state.restsUntil = this.#clock.now() + state.backoffMs;
  }

  msUntilAvailable(specificLlmId?: string): number | undefined {
    const now = this.#clock.now();
    let least: number | undefined;
    for (const [id, state] of this.#models) {
      if (specificLlmId !== undefined && specificLlmId !== id) continue;
      least = Math.min(least ?? Number.POSITIVE_INFINITY, Math.max(0, freeAt(state) - now));
    }
    return least;
  }
}

function freeAt({ dueAt, restsUntil }: State): number {
  return Math.max(dueAt, restsUntil);
}
