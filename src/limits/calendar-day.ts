import type { Meter, PendingCount } from './meter.ts';

const DAY_MS = 86_400_000;
/** Entries counted this close to midnight stay for the new day too: the provider's clock may differ from ours. */
const GUARD_MS = 1_000;

/** Milliseconds from `wallMs` to the next midnight in `timeZone`, daylight saving included. */
export function msUntilMidnight(wallMs: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const fieldsAt = (at: number): Record<string, number> =>
    Object.fromEntries(format.formatToParts(at).map((part) => [part.type, Number(part.value)]));
  const offsetAt = (at: number): number => {
    const f = fieldsAt(at);
    const local = Date.UTC(f.year ?? 0, (f.month ?? 1) - 1, f.day ?? 1, f.hour ?? 0, f.minute ?? 0, f.second ?? 0);
    return local - Math.floor(at / 1000) * 1000;
  };
  const local = wallMs + offsetAt(wallMs);
  const localMidnight = (Math.floor(local / DAY_MS) + 1) * DAY_MS;
  // The offset that counts is the one in force at midnight, which may differ from today's.
  let midnight = localMidnight - offsetAt(wallMs);
  midnight = localMidnight - offsetAt(midnight);
  return midnight - wallMs;
}

/** Everything counted goes away at midnight in one time zone (Gemini's RPD: US Pacific; OpenRouter's: UTC). */
export class CalendarDay implements Meter {
  readonly #timeZone: string;
  readonly #wallMs: () => number;
  #day = 0;
  #used = 0;
  /** Counted within the guard before midnight: counts for the day that follows too. */
  #late = 0;
  #midnightAt: number;

  /** @param wallMs reads the wall clock that belongs to the monotonic `now` of the calls */
  constructor(timeZone: string, now: number, wallMs: () => number) {
    this.#timeZone = timeZone;
    this.#wallMs = wallMs;
    this.#midnightAt = now + msUntilMidnight(wallMs(), timeZone) + GUARD_MS;
  }

  add(cost: number, at: number): number {
    this.#roll(at);
    this.#used += cost;
    if (this.#midnightAt - at <= 2 * GUARD_MS) this.#late += cost;
    return this.#day;
  }

  adjust(entry: number, delta: number, now: number): void {
    this.#roll(now);
    if (entry === this.#day) this.#used = Math.max(0, this.#used + delta);
  }

  used(now: number): number {
    this.#roll(now);
    return this.#used;
  }

  usedAt(at: number, pending: Iterable<PendingCount>): number {
    let sum = at >= this.#midnightAt ? this.#late : this.#used;
    for (const count of pending) sum += count.cost;
    return sum;
  }

  freeAt(need: number, now: number, pending: Iterable<PendingCount>): number {
    this.#roll(now);
    if (need <= 0) return now;
    let goes = this.#used - this.#late;
    if (need <= goes) return this.#midnightAt;
    for (const count of pending) {
      if (count.dueAt + GUARD_MS < this.#midnightAt) goes += count.cost;
    }
    return need <= goes ? this.#midnightAt : this.#midnightAt + DAY_MS;
  }

  #roll(now: number): void {
    while (now >= this.#midnightAt) {
      this.#day++;
      this.#used = this.#late;
      this.#late = 0;
      this.#midnightAt = now + msUntilMidnight(this.#wallMs() + GUARD_MS, this.#timeZone) + GUARD_MS;
    }
  }
}
