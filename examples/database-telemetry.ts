/**
 * A row in a database for every request, and a question to it. By default a SQLite file; with
 * `DATABASE_URL=postgresql://user:password@127.0.0.1:5432/database` a Postgres server (package `pg`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DatabaseTelemetryAdapter, LLMQueue } from 'headgate/client';
import { Client } from 'pg';

const folder = mkdtempSync(join(tmpdir(), 'headgate-telemetry-'));
const postgres = process.env['DATABASE_URL'];
const connectionString = postgres ?? join(folder, 'telemetry.db');
const table = `example_${Date.now()}`;

const queue = new LLMQueue({
  llmConfig: {
    models: { 'gpt-4o': { deployments: [{ provider: 'openai', apiKey: 'any', rateLimiters: [{ type: 'rpm', limit: 6_000 }] }] } },
    userLimits: { maxNumRequestsInTimeWindow: 3, timeWindowInSeconds: 60 },
  },
  // In place of a call to a provider; what it used goes into the record.
  requestExecutors: {
    chat: {
      processRequest: (question, _deployments, telemetry) => {
        telemetry.promptTokens = String(question).length;
        telemetry.completionTokens = 5;
        return `You asked: ${question}`;
      },
    },
  },
  telemetryStoreAdapter: new DatabaseTelemetryAdapter({ connectionString, table }),
});
await queue.initiate();

for (const userId of ['anna', 'anna', 'anna', 'anna', 'ben']) {
  await queue.executeRequest({ reqType: 'chat', requestData: 'Hello', userId }).catch(({ message }: Error) => console.log(message));
}
// What waits to be written is written.
await queue.gracefulShutdown();

const question = `select user_id, count(*) as calls, sum(case when completion_tokens > 0 then completion_tokens else 0 end) as tokens,
  sum(case when error_message <> 'NO ERROR' then 1 else 0 end) as failed from ${table} group by user_id order by user_id`;

for (const { user_id, calls, tokens, failed } of await answers())
  console.log(`${user_id}: ${calls} calls, ${tokens} tokens, ${failed} failed`);
rmSync(folder, { recursive: true });

async function answers(): Promise<Record<string, unknown>[]> {
  if (postgres === undefined) return new DatabaseSync(connectionString).prepare(question).all();
  const client = new Client({ connectionString });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(question);
  await client.query(`drop table ${table}`);
  await client.end();
  return rows;
}
