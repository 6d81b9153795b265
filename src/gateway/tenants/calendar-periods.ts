import { dateReader, monthReader, msUntilNextDate, msUntilNextMonth, type PeriodReader } from '../../limits/calendar.ts';

/** A calendar day or month. */
export interface Period {
  /** As `2026-11-22` or `2026-11`. */
  readonly name: string;
  /** Epoch milliseconds of its end. */
  readonly endsAt: number;
}

interface Known extends Period {
  /** A moment in it: it holds from there to its end. */
  readonly from: number;
}

/** The calendar of a time zone; looked up once for each day. */
export class CalendarPeriods {
  readonly #dateAt: PeriodReader;
  readonly #monthAt: PeriodReader;
  #day: Known | undefined;
  #month: Known | undefined;

  constructor(timeZone: string) {
    this.#dateAt = dateReader(timeZone);
    this.#monthAt = monthReader(timeZone);
  }

  day(wallMs: number): Period {
    if (!holds(this.#day, wallMs)) {
      this.#day = { name: this.#dateAt(wallMs), from: wallMs, endsAt: wallMs + msUntilNextDate(wallMs, this.#dateAt) };
    }
    return this.#day;
  }

  month(wallMs: number): Period {
    if (!holds(this.#month, wallMs)) {
      this.#month = { name: this.#monthAt(wallMs), from: wallMs, endsAt: wallMs + msUntilNextMonth(wallMs, this.#monthAt) };
    }
    return this.#month;
  }
}

function holds(period: Known | undefined, wallMs: number): period is Known {
  return period !== undefined && wallMs >= period.from && wallMs < period.endsAt;
}
