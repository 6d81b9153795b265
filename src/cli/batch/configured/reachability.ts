import { networkProblem } from '../../../providers/network-failure.ts';
import type { ProviderFailure } from '../../../providers/provider-failure.ts';
import { UsageError } from '../../usage-error.ts';

interface Silence {
  readonly since: number;
  failures: number;
}

const MOST_FAILURES_BEFORE_FIRST_REPLY = 3;
const LONGEST_SILENCE_MS = 30_000;

/** Decides when none of a model's deployments can be reached, so that going on would only turn its lines into errors. */
export class Reachability {
  readonly #replied = new Set<string>();
  readonly #silent = new Map<string, Silence>();

  /** There was an answer, of whatever kind. */
  replied(deploymentId: string): void {
    this.#replied.add(deploymentId);
    this.#silent.delete(deploymentId);
  }

  /**
   * A call got no answer. Returns why the run must end, or undefined where somebody may still answer.
   * @param deploymentIds whoever could serve its model
   */
  failed(failure: ProviderFailure, modelId: string, deploymentIds: readonly string[], now: number): UsageError | undefined {
    const { deploymentId } = failure;
    const problem = networkProblem(failure.cause);
    if (deploymentId === undefined || problem.connected) return undefined;
    const silence = this.#silent.get(deploymentId) ?? { since: now, failures: 0 };
    silence.failures += 1;
    this.#silent.set(deploymentId, silence);
    if (!deploymentIds.every((id) => this.#isGone(id, now))) return undefined;
    const names = deploymentIds.map((id) => `'${id}'`).join(', ');
    const message = `Model '${modelId}': can't reach ${names}: ${problem.message}. Stopped; what was finished is kept.`;
    return new UsageError(message, { cause: failure });
  }

  #isGone(deploymentId: string, now: number): boolean {
    const silence = this.#silent.get(deploymentId);
    if (silence === undefined) return false;
    if (this.#replied.has(deploymentId)) return now - silence.since > LONGEST_SILENCE_MS;
    return silence.failures >= MOST_FAILURES_BEFORE_FIRST_REPLY;
  }
}
