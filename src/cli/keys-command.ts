import process from 'node:process';
import type { Command } from 'commander';
import { maskUrl } from '../config/expand/mask-key.ts';
import { parseHeadgateConfig } from '../config/headgate-config.ts';
import { isTenantName, TENANT_NAME } from '../config/tenants-config.ts';
import type { ApiKeyRecord, KeyStore } from '../domain/key-store.ts';
import { newApiKey } from '../gateway/tenants/api-key.ts';
import { systemClock } from '../lib/system-clock.ts';
import { openDatabase } from '../stores/sql/open-database.ts';
import { SqlKeyStore } from '../stores/sql/sql-key-store.ts';
import { columns } from './check/describe-config.ts';
import { findConfig, readConfig } from './config-source.ts';
import { EXIT } from './exit-codes.ts';
import { UsageError } from './usage-error.ts';

interface DatabaseFlags {
  readonly config?: string;
  readonly database?: string;
  readonly json?: boolean;
}

interface CreateFlags extends DatabaseFlags {
  readonly tenant: string;
  readonly admin?: boolean;
}

/** `headgate keys`: makes, lists and revokes the gateway's API keys, while it runs or not. */
export function addKeysCommand(program: Command, exit: (code: number) => void): void {
  const keys = program
    .command('keys')
    .description("make, list and revoke the gateway's API keys; a running gateway notices within seconds");
  const withDatabase = (command: Command): Command =>
    command
      .option('-c, --config <file>', "the gateway's configuration, which names its database (default: $HEADGATE_CONFIG)")
      .option('--database <url>', 'the database itself: postgresql://… or the path of a SQLite file')
      .option('--json', 'print JSON');
  withDatabase(keys.command('create'))
    .description('make a key and print it, this once')
    .requiredOption('--tenant <name>', 'whose it is')
    .option('--admin', 'may act for every tenant and see everything')
    .action(async (flags: CreateFlags) => exit(await create(flags)));
  withDatabase(keys.command('list'))
    .description('print the keys that were made, by their ids')
    .action(async (flags: DatabaseFlags) => exit(await list(flags)));
  withDatabase(keys.command('revoke'))
    .description('make a key useless, for ever')
    .argument('<id>', "the key's id, as `keys list` shows it")
    .action(async (keyId: string, flags: DatabaseFlags) => exit(await revoke(keyId, flags)));
}

async function create({ tenant, admin = false, ...flags }: CreateFlags): Promise<number> {
  if (!isTenantName(tenant)) throw new UsageError(`--tenant ${JSON.stringify(tenant)}: ${TENANT_NAME}.`);
  const { key, record } = newApiKey({ tenant, isAdmin: admin }, systemClock.wallMs());
  const place = await withKeys(flags, async (store, database) => {
    await store.add(record);
    return database;
  });
  if (flags.json) return print(JSON.stringify({ key, ...shown(record) }));
  const whose = `tenant ${tenant}${admin ? ', an administrator' : ''}`;
  // The gateway may have another database: then it knows nothing of this key.
  process.stderr.write(`Key ${record.keyId} of ${whose}, in ${place}. It is shown only now:\n`);
  return print(key);
}

async function list(flags: DatabaseFlags): Promise<number> {
  const [records, place] = await withKeys(flags, async (store, database) => [await store.list(), database] as const);
  if (flags.json) return print(JSON.stringify(records.map(shown)));
  if (records.length === 0) return print(`There are no keys in ${place}.`);
  return print(columns([['id', 'tenant', 'made', ''], ...records.map(rowOf)]).join('\n'));
}

async function revoke(keyId: string, flags: DatabaseFlags): Promise<number> {
  // Whoever has only the key left gives that.
  const id = /^hg_([0-9a-f]+)_/.exec(keyId)?.[1] ?? keyId;
  if (!(await withKeys(flags, (store) => store.revoke(id, systemClock.wallMs())))) {
    throw new UsageError('No key has this id. `headgate keys list` shows them all.');
  }
  return print(flags.json ? JSON.stringify({ keyId: id, revoked: true }) : `Key ${id} is revoked.`);
}

/** `work` is told the database as it may be shown. */
async function withKeys<T>(flags: DatabaseFlags, work: (store: KeyStore, database: string) => Promise<T>): Promise<T> {
  const name = await databaseOf(flags);
  const database = await openDatabase(name);
  try {
    return await work(new SqlKeyStore(database), name.includes('://') ? maskUrl(name) : name);
  } finally {
    await database.close();
  }
}

/** The flag's, else the configuration's, else the one that a gateway without a configuration has. */
async function databaseOf({ database, config }: DatabaseFlags): Promise<string> {
  if (database !== undefined) return database;
  const source = findConfig(config, process.env);
  const { gateway } = source === undefined ? parseHeadgateConfig({}) : await readConfig(source.path, process.env);
  return gateway.database;
}

function shown({ keyId, tenant, isAdmin, createdAt, revokedAt }: ApiKeyRecord): object {
  return { keyId, tenant, isAdmin, createdAt, revokedAt: revokedAt ?? null };
}

function rowOf({ keyId, tenant, isAdmin, createdAt, revokedAt }: ApiKeyRecord): string[] {
  const says = [...(isAdmin ? ['administrator'] : []), ...(revokedAt === undefined ? [] : [`revoked ${dateOf(revokedAt)}`])];
  return [keyId, tenant, dateOf(createdAt), says.join(', ')];
}

function dateOf(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT.allCompleted;
}
