import { median } from './statistics.ts';

export type Unit = 'per second' | '×' | 'µs' | 'ms' | 's' | 'kB' | 'MB' | 'share' | 'count';

/** The figure that a line has to reach. */
export type Target = { readonly atLeast: number } | { readonly atMost: number } | { readonly below: number };

/** One row of the table: a figure, measured several times, and what it should be. */
export interface Line {
  /** Heading that it stands under. */
  readonly group: string;
  readonly name: string;
  readonly unit: Unit;
  /** One per repetition. */
  readonly values: readonly number[];
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly target?: Target;
  readonly note?: string;
}

/** A line from its repetitions. */
export function line(group: string, name: string, unit: Unit, values: readonly number[], target?: Target, note?: string): Line {
  const spread = { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  return { group, name, unit, values, ...spread, ...(target && { target }), ...(note !== undefined && { note }) };
}

/** Whether the median reaches the target; without a target there is nothing to miss. A median that is no number misses. */
export function reached(of: Line): boolean {
  if (of.target === undefined) return true;
  if ('atLeast' in of.target) return of.median >= of.target.atLeast;
  if ('atMost' in of.target) return of.median <= of.target.atMost;
  return of.median < of.target.below;
}

/**
 * For promises that hold in every run rather than in the middle one (no refusal, never over a limit): the line's
 * figure is the worst repetition.
 */
export function worst(group: string, name: string, unit: Unit, values: readonly number[], target: Target, note?: string): Line {
  const all = line(group, name, unit, values, target, note);
  const figure = values.some(Number.isNaN) ? Number.NaN : 'atLeast' in target ? all.min : all.max;
  return { ...all, median: figure };
}
