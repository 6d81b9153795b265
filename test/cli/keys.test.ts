import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { maskUrl } from '../../src/config/expand/mask-key.ts';
import { isKeyOf } from '../../src/gateway/tenants/api-key.ts';
import { openDatabase } from '../../src/stores/sql/open-database.ts';
import { SqlKeyStore } from '../../src/stores/sql/sql-key-store.ts';
import { freshDatabase } from '../servers/fresh-database.ts';
import { temporaryFolder } from './temp-folder.ts';

/** Runs `headgate keys …` and returns its exit code and what it printed. */
async function keys(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: '', err: '' };
  const hear = (stream: 'stdout' | 'stderr', into: 'out' | 'err') =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      printed[into] += String(text);
      return true;
    });
  const spies = [hear('stdout', 'out'), hear('stderr', 'err')];
  try {
    return { code: await runProgram(['keys', ...args]), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

describe.each(['SQLite', 'Postgres'])('headgate keys, in %s', (kind) => {
  const open = async (): Promise<string> => {
    if (kind === 'SQLite') return join(temporaryFolder(), 'keys.db');
    const { url, drop } = await freshDatabase();
    onTestFinished(drop);
    return url;
  };

  it('prints a key this once, lists it without it, and revokes it', async () => {
    const database = await open();
    const at = ['--database', database];
    const made = await keys('create', '--tenant', 'acme', '--admin', ...at);
    const key = made.out.trim();
    expect(made.code).toBe(0);
    expect(key).toMatch(/^hg_[0-9a-f]{12}_[\w-]{43}$/);
    const keyId = key.slice(3, 15);
    const place = database.includes('://') ? maskUrl(database) : database;
    expect(made.err).toBe(`Key ${keyId} of tenant acme, an administrator, in ${place}. It is shown only now:\n`);

    const opened = await openDatabase(database);
    const [record] = await new SqlKeyStore(opened).list();
    await opened.close();
    expect(isKeyOf(key, record)).toBe(true);
    expect(JSON.stringify(record)).not.toContain(key.slice(16));

    const listed = await keys('list', ...at);
    expect(listed.out).toMatch(new RegExp(`^id +tenant +made\n${keyId} +acme +\\d{4}-\\d\\d-\\d\\dT\\S+Z +administrator\n$`));
    expect(listed.out).not.toContain(key.slice(16));

    expect(await keys('revoke', keyId, ...at)).toEqual({ code: 0, out: `Key ${keyId} is revoked.\n`, err: '' });
    expect((await keys('list', ...at)).out).toContain('administrator, revoked ');
    expect((await keys('revoke', '000000000000', ...at)).err).toBe('headgate: No key has this id. `headgate keys list` shows them all.\n');
  });
});

describe('headgate keys', () => {
  it('prints JSON', async () => {
    const at = ['--json', '--database', join(temporaryFolder(), 'keys.db')];
    const { key, ...rest } = JSON.parse((await keys('create', '--tenant', 'acme', ...at)).out) as { key: string; keyId: string };
    expect(rest).toEqual({ keyId: key.slice(3, 15), tenant: 'acme', isAdmin: false, createdAt: expect.any(Number), revokedAt: null });
    expect(JSON.parse((await keys('list', ...at)).out)).toEqual([rest]);
    expect(JSON.parse((await keys('revoke', key, ...at)).out)).toEqual({ keyId: rest.keyId, revoked: true });
  });

  it('takes the database that the configuration names', async () => {
    const folder = temporaryFolder();
    const config = join(folder, 'c.yaml');
    writeFileSync(config, `gateway: { database: "sqlite:${join(folder, 'own.db')}" }\nmodels: { m: {} }\n`);
    await keys('create', '--tenant', 'acme', '-c', config);
    expect((await keys('list', '--database', join(folder, 'own.db'))).out).toContain('acme');
    expect((await keys('list', '--database', join(folder, 'another.db'))).out).toBe(
      `There are no keys in ${join(folder, 'another.db')}.\n`,
    );
  });

  it('says what is wrong', async () => {
    expect(await keys('create', '--tenant', 'a b')).toMatchObject({ code: 2, err: expect.stringContaining("expected a tenant's name") });
    expect((await keys('create')).err).toContain("required option '--tenant <name>' not specified");
    expect((await keys('list', '--database', 'mysql://x')).err).toContain('expected postgresql://');
  });
});
