import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fifo } from '../../src/lib/fifo.ts';
import { uuidSource } from '../../src/lib/ids.ts';
import { StringTable } from '../../src/lib/string-table.ts';
import { holds } from './property.ts';

describe('a fifo', () => {
  test('is an array that is pushed and shifted', async () => {
    await holds(
      fc.property(fc.array(fc.option(fc.nat(), { nil: undefined, freq: 2 }), { maxLength: 400 }), (commands) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const pushed of commands) {
          if (pushed === undefined) {
            expect(fifo.shift()).toBe(model.shift());
          } else {
            fifo.push(pushed);
            model.push(pushed);
          }
          expect(fifo.size).toBe(model.length);
          expect(fifo.peek()).toBe(model[0]);
        }
        expect([...fifo]).toEqual(model);
      }),
    );
  });

  test('forgets what it has handed out, also after very many', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 100_000; i++) {
      fifo.push(i);
      if (i >= 10) expect(fifo.shift()).toBe(i - 10);
    }
    expect([...fifo]).toEqual([99_990, 99_991, 99_992, 99_993, 99_994, 99_995, 99_996, 99_997, 99_998, 99_999]);
  });
});

describe('a string table', () => {
  const keys = fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '0', '1', '-1', 'a', 'b'),
    fc.string(),
  );

  test('is a map, for every key there is', async () => {
    await holds(
      fc.property(
        fc.array(fc.record({ do: fc.constantFrom('set', 'set', 'delete', 'get', 'clear'), key: keys, value: fc.nat() }), { maxLength: 60 }),
        (commands) => {
          const table = new StringTable<number>();
          const model = new Map<string, number>();
          for (const { do: what, key, value } of commands) {
            if (what === 'set') {
              table.set(key, value);
              model.set(key, value);
            } else if (what === 'delete') {
              expect(table.delete(key)).toBe(model.delete(key));
            } else if (what === 'clear' && value % 5 === 0) {
              table.clear();
              model.clear();
            }
            expect(table.get(key)).toBe(model.get(key));
            expect(table.has(key)).toBe(model.has(key));
            expect(table.size).toBe(model.size);
          }
          expect(table.values().sort()).toEqual([...model.values()].sort());
        },
      ),
    );
  });
});

describe('an id', () => {
  const VERSION_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  test('is a random UUID, from the platform or from a source that can be repeated', async () => {
    const platform = uuidSource();
    const many = Array.from({ length: 1_000 }, () => platform());
    for (const id of many) expect(id).toMatch(VERSION_4);
    expect(new Set(many).size).toBe(1_000);
    await holds(
      fc.property(fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 48, maxLength: 48 }), (numbers) => {
        const three = (): string[] => {
          let next = 0;
          const source = uuidSource(() => numbers[next++] ?? 0);
          return [source(), source(), source()];
        };
        expect(three()).toEqual(three());
        for (const id of three()) expect(id).toMatch(VERSION_4);
        const [first] = three();
        const hex = Math.floor((numbers[0] ?? 0) * 256)
          .toString(16)
          .padStart(2, '0');
        expect(first?.slice(0, 2)).toBe(hex);
      }),
    );
  });
});
