import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HeapItem, PriorityHeap } from '../../src/lib/priority-heap.ts';
import { holds } from './property.ts';

interface Item extends HeapItem {
  key: number;
  readonly seq: number;
}

const before = (a: Item, b: Item): boolean => a.key < b.key || (a.key === b.key && a.seq < b.seq);
const byOrder = (a: Item, b: Item): number => a.key - b.key || a.seq - b.seq;

const command = fc.oneof(
  fc.record({ do: fc.constant('push' as const), key: fc.integer({ min: 0, max: 20 }), which: fc.nat(200) }),
  fc.record({
    do: fc.constantFrom('pop', 'remove', 'rekey', 'first', 'removeAgain'),
    key: fc.integer({ min: 0, max: 20 }),
    which: fc.nat(200),
  }),
);

test('is a sorted list, whatever is pushed, popped, removed and rekeyed in whatever order', async () => {
  await holds(
    fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
      const heap = new PriorityHeap<Item>(before);
      let model: Item[] = [];
      const removed: Item[] = [];
      let seq = 0;
      for (const { do: what, key, which } of commands) {
        const item = model[which % Math.max(1, model.length)];
        if (what === 'push') {
          const added = { key, seq: seq++, heapIndex: -1 };
          heap.push(added);
          model.push(added);
        } else if (what === 'pop') {
          const first = model[0];
          expect(heap.pop()).toBe(first);
          model.shift();
        } else if (what === 'remove' && item !== undefined) {
          expect(heap.remove(item)).toBe(true);
          expect(item.heapIndex).toBe(-1);
          model = model.filter((each) => each !== item);
          removed.push(item);
        } else if (what === 'rekey' && item !== undefined) {
          item.key = key;
          heap.update(item);
        } else if (what === 'first') {
          model.sort(byOrder);
          expect(heap.first(key)).toEqual(model.slice(0, key));
        } else if (what === 'removeAgain') {
          for (const gone of removed) expect(heap.remove(gone)).toBe(false);
        }
        model.sort(byOrder);
        expect(heap.size).toBe(model.length);
        expect(heap.peek()).toBe(model[0]);
        expect([...heap.values()].sort(byOrder)).toEqual(model);
      }
      for (const item of model) expect(heap.has(item)).toBe(true);
      expect(model.map(() => heap.pop())).toEqual(model);
      expect(heap.pop()).toBeUndefined();
    }),
  );
});

describe('removal from the middle', () => {
  test('moves the item that fills the hole up where it belongs above it', () => {
    const heap = new PriorityHeap<Item>(before);
    // Under the second child stand larger keys than under the first: the last item is smaller than the hole's parent.
    const keys = [0, 100, 1, 1, 1, 110, 120, 130, 140, 2];
    const items = keys.map((key, seq): Item => ({ key, seq, heapIndex: -1 }));
    for (const item of items) heap.push(item);
    const hole = items.find(({ key }) => key === 120) as Item;
    expect(heap.remove(hole)).toBe(true);
    const rest = items.filter((item) => item !== hole).sort(byOrder);
    expect(rest.map(() => heap.pop())).toEqual(rest);
  });

  test('does not take an item of another heap for its own', () => {
    const one = new PriorityHeap<Item>(before);
    const other = new PriorityHeap<Item>(before);
    const mine = { key: 1, seq: 0, heapIndex: -1 };
    const theirs = { key: 1, seq: 0, heapIndex: -1 };
    one.push(mine);
    other.push(theirs);
    expect(one.remove(theirs)).toBe(false);
    expect(one.has(theirs)).toBe(false);
    expect(other.has(theirs)).toBe(true);
  });
});

test('cancels a hundred thousand in random order as fast as n log n allows', () => {
  const heap = new PriorityHeap<Item>(before);
  const items = Array.from({ length: 100_000 }, (_, seq): Item => ({ key: (seq * 7_919) % 100_003, seq, heapIndex: -1 }));
  for (const item of items) heap.push(item);
  let comparisons = 0;
  const counting = new PriorityHeap<Item>((a, b) => {
    comparisons++;
    return before(a, b);
  });
  for (const item of items) heap.remove(item);
  for (const item of items) counting.push(item);
  for (let i = 0; i < items.length; i++) counting.remove(items[(i * 104_729) % items.length] as Item);
  expect(counting.size).toBe(0);
  expect(comparisons).toBeLessThan(items.length * 60);
});
