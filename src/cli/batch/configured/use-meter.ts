import type { TokenCounts } from '../../../domain/limit-types.ts';
import type { DeploymentInfo, LimiterInfo } from '../../../engine/queue-info.ts';
import { costOf } from '../../../limits/cost.ts';
import { defaultWindowMs } from '../../../limits/create-limiter.ts';
import type { DeploymentUse } from '../deployment-use.ts';
import type { LimitUse } from '../limit-use.ts';

interface Tally {
  calls: number;
  completed: number;
  refusals: number;
  failures: number;
  tokens: number;
}

interface Sent {
  readonly first: number;
  readonly last: number;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A limit as the engine knows it, whose calls are counted under `keys`. */
export interface MeteredLimit extends Pick<LimiterInfo, 'type' | 'limit'> {
  readonly named: Pick<LimitUse, 'model' | 'deployment' | 'domain'>;
  readonly keys: readonly string[];
  /** Undefined: the type's own. */
  readonly windowMs: number | undefined;
}

/** Adds up what goes to the wire, and what comes back, by deployment and by model. */
export class UseMeter {
  readonly #sent = new Map<string, Sent>();
  readonly #tallies = new Map<string, Tally>();

  /** @param keys whose calls it is one of */
  written(keys: readonly string[], { inputTokens, outputTokens }: TokenCounts, now: number): void {
    for (const key of keys) {
      const before = this.#sent.get(key) ?? { first: now, last: now, calls: 0, inputTokens: 0, outputTokens: 0 };
      this.#sent.set(key, {
        first: before.first,
        last: now,
        calls: before.calls + 1,
        inputTokens: before.inputTokens + inputTokens,
        outputTokens: before.outputTokens + outputTokens,
      });
    }
  }

  tally(deploymentId: string): Tally {
    const known = this.#tallies.get(deploymentId);
    if (known !== undefined) return known;
    const made = { calls: 0, completed: 0, refusals: 0, failures: 0, tokens: 0 };
    this.#tallies.set(deploymentId, made);
    return made;
  }

  /** How much of a limit was used: sent ÷ (limit × (1 + T ÷ window)), T from the first to the last call. */
  use({ type, limit, named, keys, windowMs = defaultWindowMs(type) }: MeteredLimit): LimitUse {
    const sent = keys.flatMap((key) => this.#sent.get(key) ?? []);
    const used = sent.reduce((sum, one) => sum + costOf(type, one), 0);
    const from = Math.min(...sent.map(({ first }) => first));
    const windows = sent.length === 0 ? 1 : 1 + (Math.max(...sent.map(({ last }) => last)) - from) / windowMs;
    return { ...named, type, limit, used, share: used / (limit * windows) };
  }

  /** The deployments in the order given; `share` is of all that were completed. */
  deployments(all: readonly (Pick<DeploymentInfo, 'id'> & { readonly provider: string })[]): readonly DeploymentUse[] {
    const completed = [...this.#tallies.values()].reduce((sum, tally) => sum + tally.completed, 0);
    return all.map(({ id, provider }) => {
      const tally = this.tally(id);
      return { id, provider, ...tally, share: completed === 0 ? 0 : tally.completed / completed };
    });
  }
}
