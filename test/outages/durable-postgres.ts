import { Client } from 'pg';
import { openPostgres } from '../servers/postgres.ts';
import type { PrivateServer } from '../servers/private-server.ts';

/** As every server that isn't a test's: what it acknowledged outlives its crash. */
export async function durablePostgres(): Promise<PrivateServer> {
  const server = await openPostgres();
  await query(server, 'alter database postgres set synchronous_commit = on');
  return server;
}

export async function query({ url }: PrivateServer, statement: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
