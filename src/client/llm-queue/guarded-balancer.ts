import { textOf } from '../../domain/errors.ts';
import type { EasyLogger } from '../../domain/logger.ts';
import type { LoadBalancer } from './load-balancer.ts';

/** A balancer of the user's; whenever it throws, the queue's own answers in its place, so that nobody waits for a bug. */
export class GuardedBalancer implements LoadBalancer {
  readonly msUntilAvailable?: (specificLlmId?: string) => number | undefined;
  readonly #own: LoadBalancer;
  readonly #spare: LoadBalancer;
  readonly #logger: EasyLogger;
  /** Told once until it works again: it is asked often. */
  #isThrowing = false;

  constructor(own: LoadBalancer, spare: LoadBalancer, logger: EasyLogger) {
    this.#own = own;
    this.#spare = spare;
    this.#logger = logger;
    // Whether there is a hint at all says when to ask again.
    if (own.msUntilAvailable !== undefined) {
      this.msUntilAvailable = (id) => this.#ask((balancer) => balancer.msUntilAvailable?.(id));
    }
  }

  hasAvailableLlm(specificLlmId?: string): boolean {
    return this.#ask((balancer) => balancer.hasAvailableLlm(specificLlmId));
  }

  getAvailableLlmId(numCalls: number, specificLlmId?: string): string | undefined {
    return this.#ask((balancer) => balancer.getAvailableLlmId(numCalls, specificLlmId));
  }

  registerError(llmId: string): void {
    this.#spare.registerError(llmId);
    this.#ask((balancer) => {
      if (balancer !== this.#spare) balancer.registerError(llmId);
    });
  }

  #ask<T>(question: (balancer: LoadBalancer) => T): T {
    try {
      const answer = question(this.#own);
      this.#isThrowing = false;
      return answer;
    } catch (error) {
      if (!this.#isThrowing) {
        this.#logger.error({ reason: textOf(error) }, 'a load balancer threw; models are chosen by the default one');
      }
      this.#isThrowing = true;
      return question(this.#spare);
    }
  }
}
