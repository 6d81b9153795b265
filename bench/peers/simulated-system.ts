import type { SimulatedResponse } from 'headgate/simulator';
import type { Work } from '../simulation/work.ts';

/** What every system under comparison is told: the provider's published limits and how to make one call. */
export interface SystemOptions {
  readonly tokensPerMinute: number;
  readonly requestsPerMinute: number;
  /** Length of the provider's windows. */
  readonly windowMs: number;
  /** One attempt at the provider. */
  readonly call: (work: Work, signal?: AbortSignal) => SimulatedResponse;
}

/** Something that takes calls and keeps limits. `submit` settles when the call is done. */
export interface SimulatedSystem {
  submit(work: Work): Promise<unknown>;
}

/**
 * What a caller without an engine does about a 429, as the official SDKs do: wait as long as the provider says and
 * try again. Unlike theirs, the number of attempts has no bound, so that no work is lost and every share is the best
 * that the system could reach.
 */
export async function callUntilAccepted(call: SystemOptions['call'], work: Work): Promise<void> {
  for (;;) {
    const outcome = await call(work).done;
    if (outcome.kind !== 'refused') return;
    if (outcome.tooLarge) throw new Error(`A call of the workload can never fit: ${outcome.message}`);
    await sleep(Math.max(1, outcome.retryAfterMs ?? 1000));
  }
}

/** By the global timer, which is a virtual one in a simulation. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
