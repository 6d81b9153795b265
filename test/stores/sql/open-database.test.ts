import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, describe, expect, it } from 'vitest';
import { textOf } from '../../../src/domain/errors.ts';
import { type Migration, migrate } from '../../../src/stores/sql/migrate.ts';
import { openDatabase } from '../../../src/stores/sql/open-database.ts';
import { freshDatabase } from '../../servers/fresh-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'headgate-sql-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const notes: Migration = async (db) => {
  await sql`create table notes (text text not null)`.execute(db);
};

describe('a SQLite file', () => {
  it('keeps what was written, is nobody else’s to read, and is one connection for all of a process', async () => {
    const path = join(folder, 'kept.db');
    const [first, second] = await Promise.all([openDatabase(path), openDatabase(`sqlite:${path}`)]);
    expect(first.db).toBe(second.db);
    await migrate(first, 'notes', [notes]);
    await first.close();
    await first.close();
    await sql`insert into notes values ('kept')`.execute(second.db);
    await second.close();
    const again = await openDatabase(`sqlite://${path}`);
    expect((await sql`select text from notes`.execute(again.db)).rows).toEqual([{ text: 'kept' }]);
    expect((await sql`pragma journal_mode`.execute(again.db)).rows).toEqual([{ journal_mode: 'wal' }]);
    await again.close();
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('in memory is apart from every other', async () => {
    const [first, second] = [await openDatabase('sqlite::memory:'), await openDatabase(':memory:')];
    await migrate(first, 'notes', [notes]);
    await migrate(second, 'notes', [notes]);
    await Promise.all([first.close(), second.close()]);
  });

  it('that can’t be opened says which and why', async () => {
    const path = join(folder, 'nowhere', 'x.db');
    await expect(openDatabase(path)).rejects.toMatchObject({ code: 'invalid_configuration', message: expect.stringContaining(path) });
  });
});

it('an address of another kind is refused, and no password is ever told', async () => {
  const secret = 'hunter2';
  for (const address of [
    `mysql://user:${secret}@host/db`,
    `postgresql://user:${secret}@`,
    `postgres://user:${secret}#@host:x/db`,
    '',
    'sqlite:',
  ]) {
    const error: unknown = await openDatabase(address).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid_configuration' });
    expect(`${textOf(error)} ${JSON.stringify(error)}`).not.toContain(secret);
  }
});

it('a Postgres that is not there fails the query, not the process, and without the password', async () => {
  const database = await openDatabase('postgresql://user:hunter2@127.0.0.1:1/db');
  const error: unknown = await sql`select 1`.execute(database.db).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(`${textOf(error)} ${JSON.stringify(error)}`).not.toContain('hunter2');
  await database.close();
});

describe.each(['sqlite', 'postgres'] as const)('migrations on %s', (kind) => {
  const open = async () => {
    const fresh =
      kind === 'postgres'
        ? await freshDatabase()
        : { url: join(folder, 'migrated.db'), drop: async () => rmSync(join(folder, 'migrated.db')) };
    return { fresh, first: await openDatabase(fresh.url), second: await openDatabase(fresh.url) };
  };

  it('run once each, in order, also when two start at once; one that fails leaves nothing behind', async () => {
    const { fresh, first, second } = await open();
    try {
      await Promise.all([migrate(first, 'notes', [notes]), migrate(second, 'notes', [notes])]);
      const broken: Migration = async (db) => {
        await sql`insert into notes values ('half')`.execute(db);
        throw new Error('broken');
      };
      await expect(migrate(first, 'notes', [notes, broken])).rejects.toThrow('broken');
      expect((await sql`select * from notes`.execute(first.db)).rows).toEqual([]);
      const whole: Migration = async (db) => {
        await sql`insert into notes values ('whole')`.execute(db);
      };
      await migrate(first, 'notes', [notes, whole]);
      await migrate(second, 'notes', [notes, whole]);
      expect((await sql`select * from notes`.execute(second.db)).rows).toEqual([{ text: 'whole' }]);
      await expect(migrate(first, 'notes', [notes])).rejects.toMatchObject({ code: 'invalid_configuration' });
    } finally {
      await Promise.all([first.close(), second.close()]);
      await fresh.drop();
    }
  });
});

it('processes that start at once on one new file all get their tables', async () => {
  const path = join(folder, 'raced.db');
  const program = `
    const { openDatabase } = await import(${JSON.stringify(new URL('../../../src/stores/sql/open-database.ts', import.meta.url).href)});
    const { WorkDatabase } = await import(${JSON.stringify(new URL('../../../src/stores/sql/work-tables.ts', import.meta.url).href)});
    const database = await openDatabase(process.argv[1]);
    await new WorkDatabase(database).tables();
    await database.close();`;
  const run = (): Promise<string> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, path], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.on('exit', (code) => resolve(code === 0 ? '' : said));
    });
  expect(await Promise.all([run(), run(), run(), run()])).toEqual(['', '', '', '']);
});
