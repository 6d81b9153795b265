import type { Line } from '../report/line.ts';

/** How much a run may cost. */
export interface Effort {
  readonly quick: boolean;
  /** Repetitions of what real time decides. */
  readonly repetitions: number;
  /** Seeds of what is simulated. */
  readonly seeds: readonly number[];
  /** Windows of virtual time. */
  readonly windows: number;
}

export interface BenchCase {
  /** What `--only` looks for. */
  readonly name: string;
  readonly run: (effort: Effort) => Promise<readonly Line[]>;
}

export const FULL: Effort = { quick: false, repetitions: 3, seeds: [1, 2, 3], windows: 100 };
export const QUICK: Effort = { quick: true, repetitions: 1, seeds: [1], windows: 10 };
