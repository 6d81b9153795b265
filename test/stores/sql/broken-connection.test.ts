import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/stores/sql/open-database.ts';
import { openPostgres } from '../../servers/postgres.ts';

it('a connection to Postgres that breaks between two queries of a transaction fails that one, not the process', async () => {
  await using server = await openPostgres();
  const { db, close } = await openDatabase(server.url);
  const broken = db.transaction().execute(async (transaction) => {
    await sql`select 1`.execute(transaction);
    await server.stop();
    await sql`select 1`.execute(transaction);
  });
  await expect(broken).rejects.toThrow();
  await server.start();

  expect((await sql<{ one: number }>`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
  await close();
});
