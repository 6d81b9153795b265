import { SeededRandom } from 'headgate/simulator';
import { hasRealTrace, readRealTrace, syntheticTrace, type TraceRow } from './trace.ts';
import { CHARACTERS_PER_TOKEN, maxTokensFor, type Work } from './work.ts';

/** Spread of characters per token between texts (prose, code, other languages). */
const TEXT_SIGMA = 0.15;
const SYNTHETIC_ROWS = 20_000;

/** Makes the calls of an endless backlog: the trace from a random row on, again and again, each time with other texts. */
export class Workload {
  readonly #random: SeededRandom;
  readonly #rows: readonly TraceRow[];
  #next: number;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#rows = hasRealTrace() ? readRealTrace() : syntheticTrace((sigma) => this.#random.logNormal(sigma), SYNTHETIC_ROWS);
    this.#next = this.#random.integer({ min: 0, max: this.#rows.length - 1 });
  }

  next(): Work {
    const row = this.#rows[this.#next++ % this.#rows.length] ?? { inputTokens: 1, outputTokens: 1 };
    const characters = Math.max(1, Math.round(row.inputTokens * CHARACTERS_PER_TOKEN * this.#random.logNormal(TEXT_SIGMA)));
    return { ...row, characters, maxTokens: maxTokensFor(row.outputTokens) };
  }
}
