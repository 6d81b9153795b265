import { PostgresDialect } from 'kysely';
import { InvalidConfiguration } from '../../domain/errors.ts';

/** A single process writes in groups; more connections would only wait for each other. */
const MOST_CONNECTIONS = 4;
const CONNECT_TIMEOUT_MS = 5000;
/** A server that takes connections and answers nothing is down, too. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Postgres' type `int8`: as a number, like SQLite's; counts and moments are below 2^53. */
const INT8 = 20;

export interface OpenPostgres {
  readonly dialect: PostgresDialect;
  /** Ends connections where nobody used the dialect. */
  close(): Promise<void>;
}

/**
 * Makes ready for a server, which need not be there yet: connections are made when they are needed, and again after they broke.
 * @throws InvalidConfiguration (rejects) where the URL is none, or the package `pg` is missing
 */
export async function openNodePostgres(url: string): Promise<OpenPostgres> {
  // Checked here: what `pg` throws carries the URL with the password in it.
  if (!URL.canParse(url) || new URL(url).hostname === '') {
    const message =
      'The Postgres URL cannot be read; expected postgresql://user:password@host:port/database. Special characters of user and password must be percent-encoded.';
    throw new InvalidConfiguration(message, 'connectionString');
  }
  const { Pool, types } = await loadPg();
  const pool = new Pool({
    connectionString: url,
    max: MOST_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'headgate',
    types: { getTypeParser: (id: number, format?: 'text' | 'binary') => (id === INT8 ? Number : types.getTypeParser(id, format)) },
  });
  // A connection that breaks while no query is on its way is no error: the next query gets a new one, or says itself that it can't.
  pool.on('error', () => {});
  // The pool hears of those that are idle only, not of one that breaks between two queries of a transaction.
  pool.on('connect', (client) => client.on('error', () => {}));
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => (ended ??= pool.end());
  return { dialect: new PostgresDialect({ pool: { connect: () => pool.connect(), end, options: pool.options } }), close: end };
}

async function loadPg(): Promise<typeof import('pg')> {
  try {
    return await import('pg');
  } catch (cause) {
    const message = "A Postgres database needs the package 'pg', which is not installed: npm install pg";
    throw new InvalidConfiguration(message, 'connectionString', { cause });
  }
}
