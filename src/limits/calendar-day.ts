import { dateReader, msUntilNextDate, type PeriodReader } from './calendar.ts';
import { type CountedEntry, type Meter, NEGLIGIBLE, type PendingCount } from './meter.ts';

/** The provider's clock may differ from ours by this: until then it may still be the old day there, or the new one already. */
const GUARD_MS = 1_000;
/** A wall clock that differs more than this from where it should be was set; less is rounding and drift. */
const JUMP_MS = 50;
/** Names an entry of a day that is over. */
const GONE = -1;

/**
 * Milliseconds from `wallMs` to the next midnight in `timeZone`: the first moment with another date, which is right
 * for days of 23 and 25 hours and for zones whose clocks skip midnight itself.
 */
export function msUntilMidnight(wallMs: number, timeZone: string): number {
  return msUntilNextDate(wallMs, dateReader(timeZone));
}

/** Everything counted goes away at midnight in one time zone (Gemini's RPD: US Pacific; OpenRouter's: UTC). */
export class CalendarDay implements Meter {
  readonly #dateAt: PeriodReader;
  readonly #wallMs: () => number;
  readonly #openedAt: number;
  #day = 0;
  #used = 0;
  /** Counted within the guard around midnight: counts for the day that follows too. */
  #late = 0;
  /** Wall time of the midnight that ends the day. */
  #midnight: number;
  /** Monotonic time at which it is past everywhere: a guard after midnight. */
  #endsAt = 0;

  /** @param wallMs reads the wall clock that belongs to the monotonic `now` of the calls */
  constructor(timeZone: string, now: number, wallMs: () => number) {
    this.#dateAt = dateReader(timeZone);
    this.#wallMs = wallMs;
    this.#openedAt = now;
    const wall = wallMs();
    this.#midnight = wall + msUntilNextDate(wall, this.#dateAt);
    this.#endsAt = now + this.#midnight - wall + GUARD_MS;
  }

  add(cost: number, at: number): number {
    this.#roll(at);
    if (at < this.#openedAt && this.#isOfAnEarlierDay(at)) return GONE;
    this.#used += cost;
    const late = this.#isLate(at);
    if (late) this.#late += cost;
    return 2 * this.#day + (late ? 1 : 0);
  }

  adjust(entry: number, delta: number, now: number): void {
    this.#look(now);
    if (entry === GONE) return;
    const isLate = entry % 2 === 1;
    const day = Math.floor(entry / 2);
    if (day === this.#day && isLate) this.#late += delta;
    if (day === this.#day || (isLate && day === this.#day - 1)) this.#used += delta;
  }

  used(now: number): number {
    this.#look(now);
    return this.#used;
  }

  /** Near midnight it tells what goes with the day from what stays; of neither it knows when. */
  entries(now: number): readonly CountedEntry[] {
    const used = this.used(now);
    const lastSure = this.#endsAt - 2 * GUARD_MS - JUMP_MS;
    if (now <= lastSure) return [{ cost: used, at: now }];
    return [
      { cost: used - this.#late, at: lastSure },
      { cost: this.#late, at: now },
    ];
  }

  usedAt(at: number, pending: Iterable<PendingCount>): number {
    let sum = at >= this.#endsAt ? this.#late : this.#used;
    for (const count of pending) sum += count.cost;
    return sum;
  }

  freeAt(need: number, now: number, pending: Iterable<PendingCount>): number {
    this.#look(now);
    if (need <= NEGLIGIBLE) return now;
    let tomorrow = need - NEGLIGIBLE - (this.#used - this.#late);
    if (tomorrow <= 0) return this.#endsAt;
    let dayAfter = tomorrow - this.#late;
    for (const count of pending) {
      if (!this.#isLate(count.dueAt) && count.dueAt < this.#endsAt) tomorrow -= count.cost;
      dayAfter -= count.cost;
    }
    if (tomorrow <= 0) return this.#endsAt;
    return dayAfter <= 0 ? this.#endsAt + msUntilNextDate(this.#midnight, this.#dateAt) : Number.POSITIVE_INFINITY;
  }

  #isLate(at: number): boolean {
    return at < this.#endsAt && this.#endsAt - at <= 2 * GUARD_MS;
  }

  #isOfAnEarlierDay(at: number): boolean {
    const wall = this.#midnight - (this.#endsAt - GUARD_MS - at);
    return this.#dateAt(wall + GUARD_MS) !== this.#dateAt(this.#midnight - 1);
  }

  /** Like {@link #roll}, at the present: follows a wall clock that was set, or stood still while the machine slept. */
  #look(now: number): void {
    const endsAt = now + this.#midnight - this.#wallMs() + GUARD_MS;
    if (Math.abs(endsAt - this.#endsAt) > JUMP_MS) this.#endsAt = endsAt;
    this.#roll(now);
  }

  /** Begins the days that have begun by `at`, which may be a stamp in the past: no clock is read. */
  #roll(at: number): void {
    while (at >= this.#endsAt) {
      const lengthMs = msUntilNextDate(this.#midnight, this.#dateAt);
      this.#day++;
      this.#used = this.#late;
      this.#late = 0;
      this.#midnight += lengthMs;
      this.#endsAt += lengthMs;
    }
  }
}
