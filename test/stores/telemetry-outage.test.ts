import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { harmless, silentLogger } from '../../src/domain/logger.ts';
import { telemetryRecord } from '../../src/domain/telemetry.ts';
import { systemClock } from '../../src/lib/system-clock.ts';
import { DatabaseTelemetryAdapter } from '../../src/stores/sql/database-telemetry-adapter.ts';
import { TelemetryWriter } from '../../src/stores/telemetry-writer.ts';
import { openPostgres } from '../servers/postgres.ts';

function writerTo(connectionString: string) {
  const sink = new DatabaseTelemetryAdapter({ connectionString });
  const writer = new TelemetryWriter({ sink, clock: systemClock, logger: harmless(silentLogger) });
  let written = 0;
  const write = (count: number): void => {
    for (let n = 0; n < count; n++) {
      writer.write(telemetryRecord({ reqId: `r${written++}`, reqType: 'chat', requestReceivedAt: systemClock.wallMs() }));
    }
  };
  return { writer, write };
}

async function ask(connectionString: string, question: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(question);
  await client.end();
  return rows;
}

/** As real as time is: until it holds, at most ten seconds. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 1_000; tries++) {
    await new Promise((resolve) => systemClock.setTimeout(() => resolve(undefined), 10));
  }
  expect(holds()).toBe(true);
}

it('Postgres that stops and comes back has every record once, in order', async () => {
  await using server = await openPostgres();
  // The tests' servers lose what they acknowledged when they stop as this one will.
  await ask(server.url, 'alter database postgres set synchronous_commit = on');
  const { writer, write } = writerTo(server.url);
  await writer.connect();
  write(500);
  await until(() => writer.waiting < 400);
  await server.stop();
  write(500);
  await until(() => writer.waiting >= 500);
  await server.start();
  write(500);
  await writer.close(20_000);

  const rows = await ask(server.url, 'select req_id from headgate_telemetry order by record_id');
  expect(writer.lost).toBe(0);
  expect(rows.map((row) => row['req_id'])).toEqual(Array.from({ length: 1_500 }, (_, n) => `r${n}`));
});

it('Postgres may come after the gateway', async () => {
  await using server = await openPostgres();
  await server.stop();
  const { writer, write } = writerTo(server.url);
  await expect(writer.connect()).rejects.toThrow();
  write(10);
  await until(() => writer.waiting === 10);
  await server.start();
  await writer.close(20_000);

  expect(writer.lost).toBe(0);
});

it('a SQLite file that another process has locked holds nobody up, and has everything afterwards', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-locked-'));
  const path = join(folder, 'telemetry.db');
  const { writer, write } = writerTo(path);
  await writer.connect();
  const other = new DatabaseSync(path);
  other.exec('begin immediate');
  write(200);
  let longestMs = 0;
  let last = systemClock.now();
  for (const end = last + 800; last < end; ) {
    await new Promise((resolve) => systemClock.setTimeout(() => resolve(undefined), 5));
    longestMs = Math.max(longestMs, systemClock.now() - last);
    last = systemClock.now();
  }
  expect(writer.waiting).toBe(200);
  expect(longestMs).toBeLessThan(900);
  other.exec('commit');
  await writer.close(10_000);

  expect(other.prepare('select count(*) as count from headgate_telemetry').get()).toEqual({ count: 200 });
  other.close();
  await rm(folder, { recursive: true });
});
