import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FairQueue, orderKey, type QueueEntry } from '../../src/scheduling/fair-queue.ts';
import { holds } from '../lib/property.ts';

interface Entry extends QueueEntry {
  readonly seq: number;
  readonly cost: number;
}

let seq = 0;
const entry = (tenant: string, key = 0, cost = 1): Entry => ({ tenant, key, seq: seq++, cost, heapIndex: -1 });
const equal = (): number => 1;
const byOrder = (a: Entry, b: Entry): number => a.key - b.key || a.seq - b.seq;

function serve(queue: FairQueue<Entry>): Entry {
  const head = queue.head() as Entry;
  queue.dispatch(head, head.cost);
  return head;
}

test('one tenant alone is served by key, first in, first out among equals', () => {
  const queue = new FairQueue<Entry>(equal);
  const entries = [entry('', 5), entry('', 1), entry('', 5), entry('', 3), entry('', 1)];
  for (const each of entries) queue.push(each);
  const sorted = [...entries].sort(byOrder);
  expect(queue.first(3)).toEqual(sorted.slice(0, 3));
  expect(entries.map(() => serve(queue))).toEqual(sorted);
  expect(queue.head()).toBeUndefined();
});

describe('an order key', () => {
  test('makes one step of priority worth so much waiting', () => {
    expect(orderKey(100, 0, 5_000)).toBe(100);
    expect(orderKey(5_100, 1, 5_000)).toBe(orderKey(100, 0, 5_000));
    expect(orderKey(0, -2, 5_000)).toBeGreaterThan(orderKey(9_999, 0, 5_000));
  });
});

test('is what plain lists would be, whatever comes, goes, moves and is corrected', async () => {
  const command = fc.record({
    do: fc.constantFrom('push', 'push', 'push', 'remove', 'rekey', 'dispatch', 'dispatch', 'correct'),
    tenant: fc.constantFrom('a', 'b', 'c', 'd'),
    key: fc.integer({ min: 0, max: 9 }),
    cost: fc.integer({ min: 0, max: 50 }),
    which: fc.nat(100),
  });
  const weights: Readonly<Record<string, number>> = { a: 1, b: 2, c: 0.5, d: 10 };
  await holds(
    fc.property(fc.array(command, { maxLength: 100 }), (commands) => {
      const queue = new FairQueue<Entry>((tenant) => weights[tenant] ?? 1);
      let model: Entry[] = [];
      for (const { do: what, tenant, key, cost, which } of commands) {
        const some = model[which % Math.max(1, model.length)];
        if (what === 'push') {
          const added = entry(tenant, key, cost);
          queue.push(added);
          model.push(added);
        } else if (what === 'remove' && some !== undefined) {
          expect(queue.remove(some)).toBe(true);
          expect(queue.remove(some)).toBe(false);
          model = model.filter((each) => each !== some);
        } else if (what === 'rekey' && some !== undefined) {
          queue.rekey(some, key);
          expect(some.key).toBe(key);
        } else if (what === 'dispatch' && model.length > 0) {
          const head = serve(queue);
          model = model.filter((each) => each !== head);
        } else if (what === 'correct') {
          queue.correct(tenant, cost - 25);
        }
        expect(queue.size).toBe(model.length);
        expect(queue.backloggedTenants).toBe(new Set(model.map((each) => each.tenant)).size);
        expect([...queue.values()].sort(byOrder)).toEqual([...model].sort(byOrder));
        const head = queue.head();
        if (model.length === 0) expect(head).toBeUndefined();
        // Whoever's turn it is, its own first one is next.
        else expect(head).toBe(model.filter((each) => each.tenant === head?.tenant).sort(byOrder)[0]);
        const first = queue.first(6);
        expect(first[0]).toBe(head);
        expect(new Set(first).size).toBe(first.length);
        for (const each of first) {
          const own = model.filter((other) => other.tenant === each.tenant).sort(byOrder);
          expect(first.filter((other) => other.tenant === each.tenant)).toEqual(
            own.slice(0, first.filter((o) => o.tenant === each.tenant).length),
          );
        }
      }
      for (const each of model) expect(queue.has(each)).toBe(true);
    }),
  );
});

test('tenants with a backlog are served by their weights, within one largest cost each', async () => {
  const LARGEST = 40;
  await holds(
    fc.property(
      fc.constantFrom(1, 2, 3, 10),
      fc.array(fc.integer({ min: 1, max: LARGEST }), { minLength: 30, maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: LARGEST }), { minLength: 30, maxLength: 60 }),
      (weight, ofHeavy, ofLight) => {
        const queue = new FairQueue<Entry>((tenant) => (tenant === 'heavy' ? weight : 1));
        for (const cost of ofHeavy) queue.push(entry('heavy', 0, cost));
        for (const cost of ofLight) queue.push(entry('light', 0, cost));
        const served: Record<string, number> = { heavy: 0, light: 0 };
        while (queue.backloggedTenants === 2) {
          const { tenant, cost } = serve(queue);
          served[tenant] = (served[tenant] ?? 0) + cost;
          const difference = (served['heavy'] ?? 0) / weight - (served['light'] ?? 0);
          expect(Math.abs(difference)).toBeLessThanOrEqual(LARGEST);
        }
      },
    ),
  );
});

test('a tenant that comes back gets its turn at once, but nothing for the time it was away', () => {
  const queue = new FairQueue<Entry>(equal);
  for (let i = 0; i < 100; i++) queue.push(entry('busy', i, 10));
  queue.push(entry('idler', 0, 10));
  for (let i = 0; i < 41; i++) serve(queue);
  for (let i = 0; i < 20; i++) queue.push(entry('idler', 1_000 + i, 10));
  const next = Array.from({ length: 10 }, () => serve(queue).tenant);
  expect(next.filter((tenant) => tenant === 'idler')).toHaveLength(5);
});

test('priority never crosses tenants', () => {
  const queue = new FairQueue<Entry>(equal);
  for (let i = 0; i < 10; i++) {
    queue.push(entry('loud', orderKey(i, 10, 5_000), 10));
    queue.push(entry('meek', orderKey(i, -10, 5_000), 10));
  }
  const served = Array.from({ length: 10 }, () => serve(queue).tenant);
  expect(served.filter((tenant) => tenant === 'meek')).toHaveLength(5);
});

test('a charge that is corrected changes whose turn it is, and one taken back restores it', () => {
  const queue = new FairQueue<Entry>(equal);
  for (let i = 0; i < 3; i++) {
    queue.push(entry('a', i, 10));
    queue.push(entry('b', i, 10));
  }
  const refused = serve(queue);
  expect(refused.tenant).toBe('a');
  expect(queue.head()?.tenant).toBe('b');
  // It was not served after all and goes back to its place.
  queue.correct('a', -10);
  queue.push(refused);
  expect(queue.head()?.tenant).toBe('a');
  // It used three times what was thought.
  queue.correct('a', 30);
  expect([serve(queue), serve(queue), serve(queue)].map(({ tenant }) => tenant)).toEqual(['b', 'b', 'b']);
});

test('tries candidates of all tenants in turn', () => {
  const queue = new FairQueue<Entry>(equal);
  for (let i = 0; i < 5; i++) queue.push(entry('a', i, 10));
  queue.push(entry('b', 0, 10));
  queue.push(entry('b', 1, 10));
  expect(queue.first(4).map(({ tenant }) => tenant)).toEqual(['a', 'b', 'a', 'b']);
  expect(queue.first(0)).toEqual([]);
});

test('remembers the debt of tenants that are away, and forgets those without', () => {
  const queue = new FairQueue<Entry>(equal);
  for (let i = 0; i < 5_000; i++) {
    queue.push(entry(`tenant-${i}`, 0, 1));
    serve(queue);
  }
  expect(queue.size).toBe(0);
  // One that owes much does not get ahead by leaving and coming back.
  queue.push(entry('greedy', 0, 1_000_000));
  queue.push(entry('modest', 0, 1));
  serve(queue);
  serve(queue);
  queue.push(entry('greedy', 0, 1));
  queue.push(entry('modest', 1, 1));
  queue.push(entry('modest', 2, 1));
  expect([serve(queue), serve(queue)].map(({ tenant }) => tenant)).toEqual(['modest', 'modest']);
});
