/** The middle value, or the mean of the two middle ones. NaN for nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear interpolation between the nearest ranks; `q` in 0..1. NaN for nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const place = q * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** `a[i] ÷ b[i]`, for repetitions that ran next to each other. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, index) => value / (b[index] ?? Number.NaN));
}

/** Every repetition's value of one figure. A figure that is missing is NaN, which no target accepts. */
export function pick(results: readonly Readonly<Record<string, number>>[], figure: string): number[] {
  return results.map((result) => result[figure] ?? Number.NaN);
}
