import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LineEntry, WaitingLine } from '../../src/scheduling/waiting-line.ts';
import { holds } from '../lib/property.ts';

interface Entry extends LineEntry {
  readonly seq: number;
}

const byOrder = (a: Entry, b: Entry): number => a.key - b.key || a.seq - b.seq;

const command = fc.record({
  do: fc.constantFrom('push', 'push', 'push', 'pushLate', 'remove', 'remove', 'removeHead', 'first', 'removeStranger'),
  step: fc.integer({ min: 0, max: 4 }),
  which: fc.nat(200),
});

test('is a sorted list, whatever comes in or out of order and leaves from wherever', async () => {
  await holds(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const line = new WaitingLine<Entry>();
      const others = new WaitingLine<Entry>();
      let model: Entry[] = [];
      let key = 0;
      let seq = 0;
      for (const { do: what, step, which } of commands) {
        const entry = model[which % Math.max(1, model.length)];
        if (what === 'push' || what === 'pushLate') {
          // Nearly all arrive in order of their keys; priorities and returns after a retry do not.
          key += what === 'push' ? step : 0;
          const added: Entry = { key: what === 'push' ? key : key - 7 * step, seq: seq++, heapIndex: -1 };
          line.push(added);
          model.push(added);
        } else if (what === 'remove' && entry !== undefined) {
          expect(line.remove(entry)).toBe(true);
          model = model.filter((each) => each !== entry);
          expect(line.waits(entry)).toBe(false);
          expect(line.remove(entry)).toBe(false);
        } else if (what === 'removeHead' && model.length > 0) {
          const head = line.peek() as Entry;
          expect(line.remove(head)).toBe(true);
          model = model.filter((each) => each !== head);
        } else if (what === 'removeStranger') {
          const stranger: Entry = { key: entry?.key ?? 0, seq: entry?.seq ?? 0, heapIndex: -1 };
          others.push(stranger);
          expect(line.remove(stranger)).toBe(false);
          expect(others.size).toBe(1);
          others.remove(stranger);
        }
        model.sort(byOrder);
        expect(line.size).toBe(model.length);
        expect(line.peek()).toBe(model[0]);
        expect(line.first(step)).toEqual(model.slice(0, step));
        if (what === 'first') {
          expect(line.first(which)).toEqual(model.slice(0, which));
          expect([...line.values()].sort(byOrder)).toEqual(model);
        }
      }
      for (const entry of model) expect(line.waits(entry)).toBe(true);
      for (const entry of model) {
        expect(line.peek()).toBe(entry);
        line.remove(entry);
      }
      expect(line.peek()).toBeUndefined();
    }),
  );
});

const patterns: Readonly<Record<string, (i: number, size: number) => number>> = {
  'from the front': (i) => i,
  'from the back': (i, size) => size - 1 - i,
  'from the middle on': (i, size) => (size / 2 + i) % size,
  'from the middle back': (i, size) => (size / 2 - 1 - i + size) % size,
  'in random order': (i, size) => (i * 7_919) % size,
  'every second first': (i, size) => (i < size / 2 ? 2 * i : 2 * (i - size / 2) + 1),
};

describe.each(Object.entries(patterns))('many that leave %s', (_name, at) => {
  test('are found without looking at all the others', () => {
    const size = 20_000;
    const line = new WaitingLine<Entry>();
    let looks = 0;
    const entries = Array.from(
      { length: size },
      (_, seq): Entry => ({
        get key() {
          looks++;
          return seq;
        },
        seq,
        heapIndex: -1,
      }),
    );
    for (const entry of entries) line.push(entry);
    looks = 0;
    for (let i = 0; i < size; i++) line.remove(entries[at(i, size)] as Entry);
    expect(line.size).toBe(0);
    expect(looks).toBeLessThan(size * 50);
  });

  test('leave no gaps that have to be walked over', () => {
    const size = 300_000;
    const line = new WaitingLine<Entry>();
    const entries = Array.from({ length: size }, (_, seq): Entry => ({ key: seq, seq, heapIndex: -1 }));
    for (const entry of entries) line.push(entry);
    const startedAt = performance.now();
    for (let i = 0; i < size; i++) {
      line.remove(entries[at(i, size)] as Entry);
      if (i % 1_000 === 0) expect(line.first(8).length).toBe(8);
    }
    // A walk over the gaps takes longer than this by an order of magnitude, on any machine.
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });
});
