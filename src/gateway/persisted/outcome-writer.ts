import type { Clock } from '../../domain/clock.ts';
import { textOf } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';
import type { RequestJournal, Settlement } from '../../domain/request-journal.ts';
import { counted } from '../../lib/counted.ts';
import { GroupCommit } from './group-commit.ts';
import { wait } from './wait.ts';

const LINGER_MS = 10;
const MOST_AT_ONCE = 200;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;

export interface OutcomeWriterParts {
  readonly journal: RequestJournal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Writes outcomes down in groups, and again for as long as the store is down. Whoever waits for that holds a place among those that
 * run, so what is kept in memory meanwhile has that bound.
 */
export class OutcomeWriter {
  readonly #parts: OutcomeWriterParts;
  readonly #group: GroupCommit<Settlement, boolean>;
  readonly #givenUp = new AbortController();

  constructor(parts: OutcomeWriterParts) {
    this.#parts = parts;
    this.#group = new GroupCommit({
      clock: parts.clock,
      lingerMs: LINGER_MS,
      most: MOST_AT_ONCE,
      commit: (settlements) => this.#commit(settlements),
    });
  }

  /** Resolves once it is written: true; or false where the work had an outcome already, or nothing is written any more. */
  write(settlement: Settlement): Promise<boolean> {
    return this.#group.add(settlement);
  }

  /** Nothing is tried again from now on: the work is pending after the restart. */
  giveUp(): void {
    this.#givenUp.abort();
  }

  async #commit(settlements: readonly Settlement[]): Promise<boolean[]> {
    const { journal, clock, logger } = this.#parts;
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS)) {
      try {
        const recorded = await journal.settle(settlements);
        return settlements.map(({ seq }) => recorded.has(seq));
      } catch (error) {
        const kept = counted(settlements.length, 'outcome');
        logger.warn(
          { error: textOf(error), retryMs },
          `The store of persisted work can't be written; ${kept} kept in memory until it can.`,
        );
        await wait(clock, retryMs, this.#givenUp.signal);
        if (this.#givenUp.signal.aborted) return settlements.map(() => false);
      }
    }
  }
}
