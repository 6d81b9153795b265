/**
 * Takes away what a gateway leans on, and the gateway itself, and looks at what comes of it: `npm run outages`, some four minutes.
 * Arguments choose: `npm run outages -- redis kill`. The exit code is 0 where everything held.
 */
import process from 'node:process';
import type { Check } from '../test/outages/check.ts';
import { durablePostgres } from '../test/outages/durable-postgres.ts';
import { killedBatch } from '../test/outages/killed-batch.ts';
import { postgresOutage } from '../test/outages/postgres-outage.ts';
import { redisOutage } from '../test/outages/redis-outage.ts';
import { toldToStop } from '../test/outages/told-to-stop.ts';

const SLOWEST_MS = 1000;
const LOAD = { beforeMs: 3000, perSecond: 20, slowest: SLOWEST_MS } as const;
const LINES = 10_000;

const OUTAGES: Readonly<Record<string, () => Promise<readonly Check[]>>> = {
  'postgres hangs for 30 s': () => postgresOutage({ ...LOAD, how: 'hung', outageMs: 30_000, lines: 3000 }),
  'postgres is killed and gone for 30 s': () => postgresOutage({ ...LOAD, how: 'killed', outageMs: 30_000, lines: 3000 }),
  'postgres is gone for longer than telemetry has room (100 records)': () =>
    postgresOutage({ ...LOAD, how: 'killed', outageMs: 6000, lines: 500, bufferSize: 100 }),
  'redis hangs for 9 s': () => redisOutage({ how: 'hung', windows: 3, windowS: 3, slowest: SLOWEST_MS }),
  'redis is killed and gone for 9 s': () => redisOutage({ how: 'killed', windows: 3, windowS: 3, slowest: SLOWEST_MS }),
  'kill -9 during a batch, SQLite': () => killedBatch({ lines: LINES, kills: 5 }),
  'kill -9 during a batch, postgres': async () => {
    await using server = await durablePostgres();
    return await killedBatch({ lines: LINES, kills: 1, database: server.url });
  },
  'SIGTERM with work in hand': () => toldToStop({ lines: 400, requests: 60 }),
  'SIGTERM with work in hand while postgres hangs': async () => {
    await using hanging = await durablePostgres();
    return await toldToStop({ lines: 400, requests: 60, hanging });
  },
};

const wanted = process.argv.slice(2);
const chosen = Object.entries(OUTAGES).filter(([name]) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
let isFine = chosen.length > 0;
const rows: string[][] = [];
for (const [name, run] of chosen) {
  const began = performance.now();
  process.stderr.write(`${name} …\n`);
  const checks = await run().catch((error: unknown) => [failure(error)]);
  rows.push([`${name} (${((performance.now() - began) / 1000).toFixed(0)} s)`], ...checks.map(rowOf));
  isFine &&= checks.every(({ holds }) => holds);
}
process.stdout.write(`${table(rows)}\n${isFine ? 'Everything held.' : 'NOT everything held.'}\n`);
process.exit(isFine ? 0 : 1);

function failure(error: unknown): Check {
  return { what: 'it could be run', found: error instanceof Error ? error.message : String(error), bound: '', holds: false };
}

function rowOf({ what, found, bound, holds }: Check): string[] {
  return [`  ${what}`, found, bound, holds ? '' : '<- FAILED'];
}

/** In columns; a row of one cell is a heading. */
function table(lines: readonly (readonly string[])[]): string {
  const width = (column: number): number =>
    Math.max(0, ...lines.filter(({ length }) => length > 1).map((cells) => cells[column]?.length ?? 0));
  const widths = [width(0), width(1), width(2)];
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(cells.length > 1 ? (widths[column] ?? 0) + 2 : 0))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
