import { estimatedCost } from '../simulation/work.ts';
import { callUntilAccepted, type SimulatedSystem, type SystemOptions, sleep } from './simulated-system.ts';

const POLL_MS = 100;

/** A list of what was taken when; room is looked for in the last window of it. */
class PolledLog {
  readonly #limit: number;
  readonly #windowMs: number;
  #entries: { readonly at: number; readonly amount: number }[] = [];

  constructor(limit: number, windowMs: number) {
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  async waitForSlot(amount: number): Promise<void> {
    while (!this.#acquire(amount)) await sleep(POLL_MS);
  }

  #acquire(amount: number): boolean {
    const now = Date.now();
    this.#entries = this.#entries.filter((entry) => now - entry.at < this.#windowMs);
    const used = this.#entries.reduce((sum, entry) => sum + entry.amount, 0);
    if (used + amount > this.#limit) return false;
    this.#entries.push({ at: now, amount });
    return true;
  }
}

/**
 * The algorithm of the Python queue that Headgate's first system replaces: one worker, limits waited for one after
 * the other by polling every 100 ms, entries stamped when they are taken, the call awaited before the next begins.
 */
export function serialLog({ tokensPerMinute, requestsPerMinute, windowMs, call }: SystemOptions): SimulatedSystem {
  const limits = [new PolledLog(requestsPerMinute, windowMs), new PolledLog(tokensPerMinute, windowMs)] as const;
  let last: Promise<void> = Promise.resolve();
  return {
    submit: (work) => {
      last = last.then(async () => {
        await limits[0].waitForSlot(1);
        await limits[1].waitForSlot(estimatedCost(work));
        await callUntilAccepted(call, work);
      });
      return last;
    },
  };
}
