import type { Clock } from '../domain/clock.ts';
import { InvalidConfiguration } from '../domain/errors.ts';
import { isTokenCount, type RateLimiterType } from '../domain/limit-types.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { CountedEntry } from '../limits/meter.ts';
import type { LimiterUnit } from './limiter-unit.ts';

/** Something that was sent and still counts. */
export interface CountedUsage {
  /** Requests or tokens. */
  readonly amount: number;
  /** Epoch milliseconds at which the provider had counted it, or will have at the latest. */
  readonly at: number;
}

/** Usage that was sent before this process existed and still counts. */
export interface RestoredUsage extends CountedUsage {
  readonly type: RateLimiterType;
}

/** What counts in one limit. */
export interface LimitUsage {
  /** Whose limit and which, as `model gpt-4o/rpm/60s`, `deployment openai-1/tpm`, `domain family/rpm`. */
  readonly limit: string;
  /** Oldest first. */
  readonly counted: readonly CountedUsage[];
}

/** A limit, and all that was ever taken of it in this process. */
export interface LimitTotal {
  readonly size: number;
  readonly taken: number;
}

/** What a provider has still to count is at most so far ahead: where more is told, the wall clock was set back. */
const MOST_AHEAD_MS = 1_000;
/** What is told of a window is at most so finely divided; each part counts as of its end. */
const MOST_PARTS = 100;

/** What counts in a limiter, by the wall clock. */
export function countedIn(limiter: Limiter, clock: Clock): readonly CountedUsage[] {
  const now = clock.now();
  const wallMs = clock.wallMs();
  return inParts(limiter.counted(now)).map(({ cost, at }) => ({ amount: cost, at: wallMs - (now - at) }));
}

export function isSomething({ counted }: LimitUsage): boolean {
  return counted.length > 0;
}

function inParts(entries: readonly CountedEntry[]): CountedEntry[] {
  const partMs = ((entries.at(-1)?.at ?? 0) - (entries[0]?.at ?? 0)) / MOST_PARTS;
  const parts: CountedEntry[] = [];
  let endsAt = Number.NEGATIVE_INFINITY;
  for (const { cost, at } of entries) {
    const last = parts.at(-1);
    if (last !== undefined && at <= endsAt) parts[parts.length - 1] = { cost: last.cost + cost, at };
    else {
      parts.push({ cost, at });
      endsAt = at + partMs;
    }
  }
  return parts;
}

/** Counts each at its own place in time. */
export function restoreTo(limiters: readonly Limiter[], counted: readonly CountedUsage[], clock: Clock): void {
  const now = clock.now();
  const wallMs = clock.wallMs();
  for (const { amount, at } of [...counted].sort((a, b) => a.at - b.at)) {
    for (const limiter of limiters) limiter.restore(amount, now - Math.max(-MOST_AHEAD_MS, wallMs - at));
  }
}

/** Counts amounts in all of a model's limits of their type. @throws InvalidConfiguration */
export function restoreByType(units: readonly LimiterUnit[], usages: readonly RestoredUsage[], clock: Clock): void {
  check(usages, 'usages');
  for (const type of new Set(usages.map((usage) => usage.type))) {
    const limiters = units.map(({ limiter }) => limiter).filter((limiter) => limiter.type === type);
    restoreTo(
      limiters,
      usages.filter((usage) => usage.type === type),
      clock,
    );
  }
}

/** @throws InvalidConfiguration for what is no usage: it may come from a file */
export function checkedUsage(usage: readonly LimitUsage[]): readonly LimitUsage[] {
  if (!Array.isArray(usage)) throw notUsage('usage', 'the list that limitUsage() gave');
  const listed: readonly (Partial<LimitUsage> | null)[] = usage;
  for (const [index, each] of listed.entries()) check(each?.counted, `usage[${index}].counted`);
  return usage;
}

function check(usages: readonly CountedUsage[] | undefined, place: string): void {
  if (!Array.isArray(usages)) throw notUsage(place, 'a list of amounts');
  const wrong = usages.findIndex((each: CountedUsage | null) => !isTokenCount(each?.amount) || !Number.isFinite(each?.at));
  if (wrong >= 0) throw notUsage(`${place}[${wrong}]`, "an amount ≥ 0 and 'at' in epoch milliseconds");
}

function notUsage(path: string, expected: string): InvalidConfiguration {
  return new InvalidConfiguration(`restoreUsage: '${path}': expected ${expected}.`, path);
}
