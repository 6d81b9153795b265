import { describe, expect, it } from 'vitest';
import { findPostgres, findRedis, POSTGRES_MISSING, REDIS_MISSING } from '../../../scripts/ensure-servers.ts';
import type { Check } from '../../outages/check.ts';
import { postgresOutage } from '../../outages/postgres-outage.ts';
import { redisOutage } from '../../outages/redis-outage.ts';
import { toldToStop } from '../../outages/told-to-stop.ts';

/** The machine may have other things to do; `npm run outages` looks closer, and for longer. */
const SLOWEST_MS = 2000;

function expectAllToHold(checks: readonly Check[]): void {
  expect(checks.filter(({ holds }) => !holds)).toEqual([]);
}

describe('a gateway that is served', () => {
  it.for(['hung', 'killed'] as const)('goes on while its Postgres is %s', async (how, { skip }) => {
    // They are stopped, which nobody may do to a server that others use.
    if (findPostgres() === undefined) skip(POSTGRES_MISSING);
    expectAllToHold(await postgresOutage({ how, beforeMs: 300, outageMs: 2400, lines: 300, perSecond: 20, slowest: SLOWEST_MS }));
  });

  it('counts the records of telemetry that it has no room for', async ({ skip }) => {
    if (findPostgres() === undefined) skip(POSTGRES_MISSING);
    const load = { beforeMs: 0, outageMs: 1500, lines: 100, perSecond: 20, slowest: SLOWEST_MS, bufferSize: 10 };
    expectAllToHold(await postgresOutage({ how: 'killed', ...load }));
  });

  it.for(['hung', 'killed'] as const)('keeps the limits and budgets of tenants while its Redis is %s', async (how, { skip }) => {
    if (findRedis() === undefined) skip(REDIS_MISSING);
    // Calls that wait a quarter of a second for a Redis that hangs are let in late: in a shorter window that alone would be a tenth of it.
    expectAllToHold(await redisOutage({ how, windows: 1, windowS: 3, slowest: SLOWEST_MS }));
  });

  it('leaves what is queued for after the restart when it is told to stop', async () => {
    expectAllToHold(await toldToStop({ lines: 60, requests: 20 }));
  });
});
