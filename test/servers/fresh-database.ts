import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

export interface FreshDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** An empty database of the test's own, in the Postgres of `DATABASE_URL`, else in the one that the run shares. Not to be stopped. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = process.env['DATABASE_URL'] || (await sharedUrl());
  const name = `headgate_test_${randomUUID().replaceAll('-', '')}`;
  await run(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(server, `drop database ${name} with (force)`) };
}

async function sharedUrl(): Promise<string> {
  const answer = await fetch(inject('sharedPostgres'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

async function run(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
