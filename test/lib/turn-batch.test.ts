import { expect, test } from 'vitest';
import { macrotask } from '../../src/lib/system-clock.ts';
import { TurnBatch } from '../../src/lib/turn-batch.ts';

test('what is handed in during a turn is done together at its end, in order; what comes then waits for the next one', async () => {
  const done: string[] = [];
  const batch = new TurnBatch<string>((item) => {
    done.push(item);
    if (item === 'b') batch.add('later');
  });
  batch.add('a');
  await Promise.resolve();
  batch.add('b');
  batch.add('c');
  expect(done).toEqual([]);
  await macrotask();
  expect(done).toEqual(['a', 'b', 'c']);
  await macrotask();
  expect(done).toEqual(['a', 'b', 'c', 'later']);
});

test('what was gathered can be done at once, and is done once', async () => {
  const done: number[] = [];
  const batch = new TurnBatch<number>((item) => done.push(item));
  batch.add(1);
  batch.flush();
  expect(done).toEqual([1]);
  batch.add(2);
  await macrotask();
  await macrotask();
  expect(done).toEqual([1, 2]);
});
