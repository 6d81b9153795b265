import type { TenantBudget } from '../../client/gateway-status.ts';
import type { TenantEntry } from '../../config/headgate-config-types.ts';
import type { Spending } from '../../domain/budget-store.ts';
import { CalendarPeriods, type Period } from './calendar-periods.ts';

type Unit = keyof Spending;

type Limit = Pick<TenantBudget, 'unit' | 'every' | 'most' | 'says'>;

interface Total {
  /** What the store knows. */
  saved: Spending;
  /** What it has not been told, or not answered yet. */
  unsaved: Spending;
}

const NOTHING: Spending = { tokens: 0, money: 0 };

/** What one tenant may use up, has used up, and has set aside. */
export class BudgetAccount {
  readonly #limits: readonly Limit[];
  readonly #calendar: CalendarPeriods;
  /** By period. */
  readonly #totals = new Map<string, Total>();
  #reserved = NOTHING;

  constructor({ tokens, money }: NonNullable<TenantEntry['budget']>, timeZone = 'UTC') {
    this.#calendar = new CalendarPeriods(timeZone);
    this.#limits = [
      ...limit('tokens', 'day', tokens?.perDay),
      ...limit('tokens', 'month', tokens?.perMonth),
      ...limit('money', 'day', money?.perDay, money?.currency),
      ...limit('money', 'month', money?.perMonth, money?.currency),
    ];
  }

  get isUnlimited(): boolean {
    return this.#limits.length === 0;
  }

  periods(wallMs: number): readonly [day: Period, month: Period] {
    return [this.#calendar.day(wallMs), this.#calendar.month(wallMs)];
  }

  /** How each limit stands. */
  states(wallMs: number): TenantBudget[] {
    return this.#limits.map((limit) => {
      const { name, endsAt } = this.#calendar[limit.every](wallMs);
      const total = this.#totals.get(name);
      const spent = total === undefined ? 0 : total.saved[limit.unit] + total.unsaved[limit.unit];
      return { ...limit, spent, reserved: this.#reserved[limit.unit], endsAt };
    });
  }

  reserve(amount: Spending): void {
    this.#reserved = plus(this.#reserved, amount);
  }

  release({ tokens, money }: Spending): void {
    this.#reserved = plus(this.#reserved, { tokens: -tokens, money: -money });
  }

  /** Counts what was used up; returns the periods that it counts for. */
  charge(amount: Spending, wallMs: number): readonly string[] {
    const names = this.periods(wallMs).map(({ name }) => name);
    for (const [name, { unsaved }] of this.#totals) {
      if (!names.includes(name) && unsaved.tokens === 0 && unsaved.money === 0) this.#totals.delete(name);
    }
    for (const name of names) {
      const total = this.#total(name);
      total.unsaved = plus(total.unsaved, amount);
    }
    return names;
  }

  /** What the store knows of a period. */
  known(period: string): Spending {
    return this.#totals.get(period)?.saved ?? NOTHING;
  }

  /** The store knows so much of a period, `added` of it new to it. */
  saved(period: string, total: Spending, added: Spending = NOTHING): void {
    const known = this.#total(period);
    known.saved = total;
    known.unsaved = plus(known.unsaved, { tokens: -added.tokens, money: -added.money });
  }

  #total(period: string): Total {
    const known = this.#totals.get(period);
    if (known !== undefined) return known;
    const total: Total = { saved: NOTHING, unsaved: NOTHING };
    this.#totals.set(period, total);
    return total;
  }
}

function limit(unit: Unit, every: 'day' | 'month', most: number | undefined, name: string = unit): Limit[] {
  return most === undefined ? [] : [{ unit, every, most, says: `${most.toLocaleString('en-US')} ${name} a ${every}` }];
}

/** A billionth of the currency is exact enough, and lets what was added and taken away again be nothing. */
const BILLION = 1e9;

export function plus(a: Spending, b: Spending): Spending {
  return { tokens: a.tokens + b.tokens, money: Math.round((a.money + b.money) * BILLION) / BILLION };
}
