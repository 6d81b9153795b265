import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BudgetStore } from '../../src/domain/budget-store.ts';

/** What every store of budgets promises. `open` opens one more door to the same data, `close` cleans up. */
export function describeBudgetStore(name: string, make: () => Promise<{ open(): Promise<BudgetStore>; close(): Promise<void> }>): void {
  describe(`budgets ${name}`, () => {
    let data: Awaited<ReturnType<typeof make>>;
    beforeEach(async () => {
      data = await make();
    });
    afterEach(() => data.close());
    const charge = (tenant: string, period: string, tokens: number, money: number) => ({ tenant, period, tokens, money });

    it('add up by tenant and period, tell each total, and are still there afterwards', async () => {
      const store = await data.open();
      const first = await store.add({
        writer: 'w',
        sequence: 1,
        charges: [charge('ann', '2026-11-22', 10, 0.5), charge('ann', '2026-11', 10, 0.5)],
      });
      expect(first).toEqual([
        { tokens: 10, money: 0.5 },
        { tokens: 10, money: 0.5 },
      ]);
      const second = await store.add({
        writer: 'w',
        sequence: 2,
        charges: [charge('ann', '2026-11', 3, 0.25), charge('bob', '2026-11', 1, 0)],
      });
      expect(second).toEqual([
        { tokens: 13, money: 0.75 },
        { tokens: 1, money: 0 },
      ]);
      await store.disconnect();

      const again = await data.open();
      expect(await again.spent('ann', ['2026-11-22', '2026-11', '2026-12'])).toEqual([
        { tokens: 10, money: 0.5 },
        { tokens: 13, money: 0.75 },
        { tokens: 0, money: 0 },
      ]);
      await again.disconnect();
    });

    it('add a batch once, however often it comes', async () => {
      const store = await data.open();
      const batch = { writer: 'w', sequence: 1, charges: [charge('ann', '2026-11', 10, 1)] };
      for (let time = 0; time < 3; time++) expect(await store.add(batch)).toEqual([{ tokens: 10, money: 1 }]);
      await store.add({ ...batch, sequence: 2 });
      await store.add(batch);
      expect(await store.add({ ...batch, writer: 'another' })).toEqual([{ tokens: 30, money: 3 }]);
      await store.disconnect();
    });

    it('lose nothing where several write at once', async () => {
      const stores = await Promise.all([data.open(), data.open()]);
      await Promise.all(
        stores.map(async (store, writer) => {
          for (let sequence = 1; sequence <= 10; sequence++)
            await store.add({ writer: `w${writer}`, sequence, charges: [charge('ann', '2026-11', 1, 0.000_001)] });
        }),
      );
      const [total] = await (stores[0] as BudgetStore).spent('ann', ['2026-11']);
      expect(total?.tokens).toBe(20);
      expect(total?.money).toBeCloseTo(0.000_02, 9);
      for (const store of stores) await store.disconnect();
    });

    it('keep large and small amounts apart and exact', async () => {
      const store = await data.open();
      const large = 9_000_000_000_000;
      await store.add({ writer: 'w', sequence: 1, charges: [charge('a:b', '2026-11', large, 1e-9)] });
      expect(await store.add({ writer: 'w', sequence: 2, charges: [charge('a:b', '2026-11', 1, 0)] })).toEqual([
        { tokens: large + 1, money: 1e-9 },
      ]);
      await store.disconnect();
    });
  });
}
