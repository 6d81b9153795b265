import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHeadgateConfig } from '../../../src/config/headgate-config.ts';
import type { BudgetBatch, BudgetStore, Spending } from '../../../src/domain/budget-store.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { Budgets } from '../../../src/gateway/tenants/budgets.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { holds } from '../../lib/property.ts';
import { askedCall, finishedCall, refusal } from './calls.ts';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/** A store in memory that a test takes down: before a batch was added, or right after. */
class FragileStore implements BudgetStore {
  readonly totals = new Map<string, Spending>();
  readonly #written = new Map<string, number>();
  fails: 'never' | 'before' | 'after' = 'never';

  async spent(tenant: string, periods: readonly string[]): Promise<readonly Spending[]> {
    if (this.fails !== 'never') throw new Error('down');
    return periods.map((period) => this.#of(tenant, period));
  }

  async add({ writer, sequence, charges }: BudgetBatch): Promise<readonly Spending[]> {
    if (this.fails === 'before') throw new Error('down');
    const isFresh = (this.#written.get(writer) ?? 0) < sequence;
    this.#written.set(writer, sequence);
    for (const { tenant, period, tokens, money } of isFresh ? charges : []) {
      const before = this.#of(tenant, period);
      this.totals.set(`${tenant} ${period}`, { tokens: before.tokens + tokens, money: before.money + money });
    }
    if (this.fails === 'after') throw new Error('down');
    return charges.map(({ tenant, period }) => this.#of(tenant, period));
  }

  async disconnect(): Promise<void> {}

  #of(tenant: string, period: string): Spending {
    return this.totals.get(`${tenant} ${period}`) ?? { tokens: 0, money: 0 };
  }
}

interface World {
  readonly budget?: object;
  readonly timeZone?: string;
  readonly prices?: Record<string, { input: number; output: number; cachedInput?: number }>;
  readonly store?: FragileStore;
  readonly wall?: string;
}

function setUp({ budget = {}, timeZone, prices = {}, store, wall = '2026-11-22T10:00:00Z' }: World) {
  const clock = new VirtualClock({ wallMs: Date.parse(wall) });
  const { tenants } = parseHeadgateConfig({ tenants: { acme: { budget, timeZone } }, prices });
  const budgets = new Budgets({ tenants, prices, store, clock, logger: silentLogger });
  /** One whole call; throws where it is not let in. */
  const spend = (tokens: number, fields?: Parameters<typeof finishedCall>[2]): void => {
    const call = askedCall('acme');
    budgets.hold(call);
    budgets.settle(finishedCall(call, tokens, fields));
  };
  return { clock, budgets, spend };
}

describe('a budget of tokens', () => {
  it('lets calls in until it is used up, then says when the next day begins', async () => {
    const { clock, spend } = setUp({ budget: { tokens: { perDay: 1000 } } });
    spend(600);
    spend(400);
    const refused = await refusal(() => spend(1));
    expect(refused).toMatchObject({ status: 429, code: 'budget_exhausted', retryAfterSeconds: 14 * HOUR_S });
    expect(refused.message).toBe("Tenant 'acme' has used up its budget of 1,000 tokens a day. It begins anew at 2026-11-23T00:00:00.000Z.");

    await clock.advance(14 * HOUR_S * 1000 - 1);
    expect((await refusal(() => spend(1))).retryAfterSeconds).toBeCloseTo(0.001, 6);
    await clock.advance(1);
    spend(1);
  });

  it.each([{ max_tokens: 1e308, n: 10 }, { max_tokens: 1e300 }, { max_tokens: 0.1, n: 1e-9 }])(
    'sets aside what it can give back exactly, whatever a call says of its length: %j',
    async (body) => {
      const { budgets } = setUp({ budget: { tokens: { perDay: 1000 } } });
      const running = askedCall('acme');
      budgets.hold(running);
      const strange = askedCall('acme', { body: { messages: [{ content: '' }], ...body } });
      budgets.hold(strange);
      budgets.settle(finishedCall(strange, 0));
      expect(budgets.states('acme')).toMatchObject([{ spent: 0, reserved: 100 }]);
      budgets.settle(finishedCall(running, 0));
      expect(budgets.states('acme')).toMatchObject([{ spent: 0, reserved: 0 }]);
    },
  );

  it('sets aside the largest of the lengths that a call names', () => {
    const { budgets } = setUp({ budget: { tokens: { perDay: 1000 } } });
    budgets.hold(askedCall('acme', { body: { messages: [{ content: '' }], max_completion_tokens: 1, max_tokens: 500 } }));
    expect(budgets.states('acme')).toMatchObject([{ reserved: 500 }]);
  });

  it("counts days and months in the tenant's zone", async () => {
    const { spend } = setUp({ budget: { tokens: { perDay: 10 } }, timeZone: 'America/Los_Angeles', wall: '2026-11-22T10:00:00Z' });
    spend(10);
    expect((await refusal(() => spend(1))).retryAfterSeconds).toBe(22 * HOUR_S);

    const monthly = setUp({ budget: { tokens: { perMonth: 10 } }, timeZone: 'Europe/Berlin', wall: '2026-10-31T22:30:00Z' });
    monthly.spend(10);
    expect((await refusal(() => monthly.spend(1))).retryAfterSeconds).toBe(0.5 * HOUR_S);
    await monthly.clock.advance(0.5 * HOUR_S * 1000);
    monthly.spend(1);
  });

  it('waits for the month where both are used up, and counts each day anew', async () => {
    const { clock, spend } = setUp({ budget: { tokens: { perDay: 10, perMonth: 15 } } });
    spend(10);
    expect((await refusal(() => spend(1))).retryAfterSeconds).toBe(14 * HOUR_S);
    await clock.advance(DAY_S * 1000);
    spend(10);
    expect((await refusal(() => spend(1))).retryAfterSeconds).toBe(7 * DAY_S + 14 * HOUR_S);
  });

  it('counts input that was read from a cache, and what failed calls used', async () => {
    const { budgets, spend } = setUp({ budget: { tokens: { perDay: 1000 } } });
    spend(0, { usage: { inputTokens: 10, allInputTokens: 110, cachedInputTokens: 100, outputTokens: 5 } });
    spend(0, { outcome: 'cancelled', status: 499, usage: { inputTokens: 7, outputTokens: 3, estimated: true } });
    spend(0, { outcome: 'failed', usage: undefined });
    expect(budgets.states('acme')).toMatchObject([{ spent: 125, reserved: 0 }]);
  });

  it('is shown by the limit of which least is left', () => {
    const { budgets, spend } = setUp({ budget: { tokens: { perDay: 1000, perMonth: 5000 }, money: { perDay: 1 } }, prices: {} });
    spend(200);
    expect(budgets.tokenView('acme')).toEqual({ limit: 1000, remaining: 800, resetSeconds: 14 * HOUR_S });
    expect(budgets.tokenView('another')).toBeUndefined();
  });
});

describe('a budget of money', () => {
  const prices = { m: { input: 2, output: 10, cachedInput: 0.5 }, other: { input: 100, output: 100 } };

  it('is charged by the prices of the model that answered', async () => {
    const { budgets, spend } = setUp({ budget: { money: { perDay: 1.5, currency: 'EUR' } }, prices });
    spend(0, { usage: { inputTokens: 300_000, cachedInputTokens: 100_000, outputTokens: 50_000 } });
    expect(budgets.states('acme')[0]?.spent).toBeCloseTo(0.4 + 0.05 + 0.5, 9);
    spend(0, { servedBy: 'other', usage: { inputTokens: 10_000, outputTokens: 0 } });
    const refused = await refusal(() => spend(1));
    expect(refused).toMatchObject({ code: 'budget_exhausted', retryAfterSeconds: 14 * HOUR_S });
    expect(refused.message).toContain('1.5 EUR a day');
  });
});

describe('what runs', () => {
  it('has its text and its `max_tokens` set aside, so that a burst spends no more than the budget and its last call', async () => {
    const { budgets } = setUp({ budget: { tokens: { perDay: 1000 } } });
    const calls = Array.from({ length: 10 }, () => askedCall('acme'));
    for (const call of calls) budgets.hold(call);
    const refused = await refusal(() => budgets.hold(askedCall('acme')));
    expect(refused).toMatchObject({ status: 429, code: 'budget_exhausted', retryAfterSeconds: 1 });
    expect(refused.message).toContain('set aside');

    budgets.settle(finishedCall(calls[0] as (typeof calls)[0], 20));
    budgets.hold(askedCall('acme'));
    expect(budgets.states('acme')).toMatchObject([{ spent: 20, reserved: 1000 }]);
  });

  it('is given back where the call used nothing, or is let go', () => {
    const { budgets } = setUp({ budget: { tokens: { perDay: 100 } } });
    const [first, second] = [askedCall('acme'), askedCall('acme')];
    budgets.hold(first);
    budgets.settle(finishedCall(first, 0, { outcome: 'rejected', usage: undefined }));
    budgets.hold(second);
    budgets.release(second.requestId);
    expect(budgets.states('acme')).toMatchObject([{ spent: 0, reserved: 0 }]);
  });

  it('is charged once, however often its end is told, and never where it was not let in', () => {
    const { budgets } = setUp({ budget: { tokens: { perDay: 1000 } } });
    const call = askedCall('acme');
    budgets.hold(call);
    for (let time = 0; time < 3; time++) budgets.settle(finishedCall(call, 30));
    budgets.settle(finishedCall(askedCall('acme'), 500));
    expect(budgets.states('acme')).toMatchObject([{ spent: 30, reserved: 0 }]);
  });

  it('overspends by no more than the last call and what calls use beyond what was set aside', () =>
    holds(
      fc.property(
        fc.array(
          fc.record({ open: fc.boolean(), most: fc.integer({ min: 1, max: 300 }), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
          {
            maxLength: 60,
          },
        ),
        (steps) => {
          const { budgets } = setUp({ budget: { tokens: { perDay: 1000 } } });
          const running: { call: ReturnType<typeof askedCall>; used: number }[] = [];
          const finish = (): void => {
            const next = running.shift();
            if (next !== undefined) budgets.settle(finishedCall(next.call, next.used));
          };
          for (const { open, most, share } of steps) {
            const call = askedCall('acme', { body: { max_tokens: most } });
            try {
              if (!open) finish();
              else {
                budgets.hold(call);
                running.push({ call, used: Math.floor(most * share) });
              }
            } catch {
              // Refused.
            }
          }
          while (running.length > 0) finish();
          const [state] = budgets.states('acme');
          expect(state?.reserved).toBe(0);
          expect(state?.spent).toBeLessThan(1000 + 300);
        },
      ),
    ));
});

describe('the book of what was used up', () => {
  const budget = { tokens: { perDay: 1000 } };

  it('goes on after a restart', async () => {
    const store = new FragileStore();
    const first = setUp({ budget, store });
    await first.budgets.open();
    first.spend(700);
    await first.budgets.close();
    const second = setUp({ budget, store });
    await second.budgets.open();
    second.spend(300);
    expect((await refusal(() => second.spend(1))).code).toBe('budget_exhausted');
    await second.budgets.close();
    expect([...store.totals]).toEqual([
      ['acme 2026-11-22', { tokens: 1000, money: 0 }],
      ['acme 2026-11', { tokens: 1000, money: 0 }],
    ]);
    expect(second.clock.pendingTimers).toBe(0);
  });

  it('is written within 200 ms, so that a killed process loses no more', async () => {
    const store = new FragileStore();
    const { clock, spend } = setUp({ budget, store });
    spend(1);
    spend(2);
    await clock.advance(200);
    expect(store.totals.get('acme 2026-11-22')).toEqual({ tokens: 3, money: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it('counts from zero while its store is down at the start, and adds what the store says once it is back', async () => {
    const store = new FragileStore();
    store.totals.set('acme 2026-11-22', { tokens: 900, money: 0 });
    store.fails = 'before';
    const { clock, budgets, spend } = setUp({ budget, store });
    await budgets.open();
    spend(200);
    store.fails = 'never';
    await clock.advance(1_500);
    expect(store.totals.get('acme 2026-11-22')).toEqual({ tokens: 1100, money: 0 });
    expect((await refusal(() => spend(1))).code).toBe('budget_exhausted');
  });

  it('counts what other processes wrote', async () => {
    const store = new FragileStore();
    const one = setUp({ budget, store });
    const other = setUp({ budget, store });
    one.spend(600);
    await one.clock.advance(200);
    other.spend(400);
    await other.clock.advance(200);
    expect((await refusal(() => other.spend(1))).code).toBe('budget_exhausted');
  });

  it('charges each call once, whenever the store fails, before it wrote or after', () =>
    holds(
      fc.asyncProperty(
        fc.array(fc.record({ tokens: fc.nat(50), fails: fc.constantFrom('never', 'before', 'after'), waitMs: fc.nat(1500) }), {
          maxLength: 25,
        }),
        async (steps) => {
          const store = new FragileStore();
          const { clock, budgets, spend } = setUp({ budget: { tokens: { perDay: 1_000_000 } }, store });
          await budgets.open();
          let spent = 0;
          for (const { tokens, fails, waitMs } of steps) {
            store.fails = fails as FragileStore['fails'];
            spend(tokens);
            spent += tokens;
            await clock.advance(waitMs);
            expect(budgets.states('acme')[0]?.spent).toBe(spent);
          }
          store.fails = 'never';
          await budgets.close();
          expect(store.totals.get('acme 2026-11-22')?.tokens ?? 0).toBe(spent);
        },
      ),
      200,
    ));
});
