import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { openDatabase, type SqlDatabase } from '../../../src/stores/sql/open-database.ts';

const FULL = 2;
const NORMAL = 1;

async function mode({ db }: SqlDatabase): Promise<number | undefined> {
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(db);
  return rows[0]?.synchronous;
}

it('a SQLite file waits for the disk as soon as one of its users needs it, whoever came first', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-durable-'));
  const path = join(folder, 'shared.db');
  const hasty = await openDatabase(path, { quick: true });
  expect(await mode(hasty)).toBe(NORMAL);
  const careful = await openDatabase(path);
  expect(await mode(hasty)).toBe(FULL);
  const later = await openDatabase(path, { quick: true });
  expect(await mode(later)).toBe(FULL);
  for (const database of [hasty, careful, later]) await database.close();
  await rm(folder, { recursive: true });
});
