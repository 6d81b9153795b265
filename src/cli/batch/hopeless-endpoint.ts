import { networkProblem } from '../../providers/network-failure.ts';
import type { ProviderFailure } from '../../providers/provider-failure.ts';
import { UsageError } from '../usage-error.ts';

/** What is said about where the calls go. */
export interface EndpointFacts {
  readonly baseUrl: string;
  readonly apiKeyEnv: string;
  readonly hasKey: boolean;
}

const MOST_FAILURES_BEFORE_FIRST_REPLY = 10;
const MOST_ATTEMPTS_BEFORE_FIRST_REPLY = 3;
const LONGEST_SILENCE_MS = 30_000;

/**
 * Decides when going on would only turn every line into an error: the key is refused or has no money left, or the
 * server can't be reached.
 */
export class HopelessEndpoint {
  readonly #facts: EndpointFacts;
  #hasReplied = false;
  #hasCompleted = false;
  #failures = 0;
  #silentSince: number | undefined;

  constructor(facts: EndpointFacts) {
    this.#facts = facts;
  }

  /** There was an answer, of whatever kind. */
  replied(): void {
    this.#hasReplied = true;
    this.#silentSince = undefined;
  }

  completed(): void {
    this.#hasCompleted = true;
  }

  /** A final failure. Returns why the run must end, or undefined where it concerns one request only. */
  afterFinal(failure: ProviderFailure): UsageError | undefined {
    if (failure.scope !== 'account') return undefined;
    const status = failure.reply?.status;
    // One model or feature may be forbidden while others are not.
    if (status === 403 && this.#hasCompleted) return undefined;
    const { baseUrl, apiKeyEnv, hasKey } = this.#facts;
    const key = hasKey ? `the key in ${apiKeyEnv}` : `calls without a key (${apiKeyEnv} is not set)`;
    const refused = status === 401 || status === 403 ? `${baseUrl} refuses ${key}` : `${baseUrl} takes no more calls with ${key}`;
    return new UsageError(`${refused}: HTTP ${status}, ${failure.code}: ${failure.message} Stopped; what was finished is kept.`);
  }

  /** A call that got no answer. Returns why the run must end, or undefined where it may be tried again. */
  afterSilence(failure: ProviderFailure, attempt: number, now: number): UsageError | undefined {
    const problem = networkProblem(failure.cause);
    if (problem.connected) return undefined;
    this.#failures += 1;
    this.#silentSince ??= now;
    const isHopeless = this.#hasReplied
      ? now - this.#silentSince > LONGEST_SILENCE_MS
      : this.#failures >= MOST_FAILURES_BEFORE_FIRST_REPLY || attempt >= MOST_ATTEMPTS_BEFORE_FIRST_REPLY;
    if (!isHopeless) return undefined;
    return new UsageError(`Can't reach ${this.#facts.baseUrl}: ${problem.message}. Stopped; what was finished is kept.`, {
      cause: failure,
    });
  }
}
