const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ns: 1e-6,
};
/** `ms` before `m` and `s`, so that `20ms` is not twenty minutes. */
const PART = /(\d+(?:\.\d+)?|\.\d+)(ms|µs|μs|us|ns|h|m|s)/y;
const LONGEST_TEXT = 64;

/**
 * A duration as Go writes it, in ms, to the microsecond: `84ms`, `8.64s`, `6m0s`, `23h18m29.144s`. Protobuf's (`37s`, `18.403470473s`) have
 * the same form. Undefined for anything else, a bare number included: its unit is not in it.
 */
export function durationMs(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > LONGEST_TEXT) return undefined;
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < trimmed.length) {
    const part = PART.exec(trimmed);
    if (!part) return undefined;
    total += Number(part[1]) * (UNIT_MS[part[2] ?? ''] ?? Number.NaN);
  }
  return Number.isFinite(total) ? Math.round(total * 1000) / 1000 : undefined;
}
