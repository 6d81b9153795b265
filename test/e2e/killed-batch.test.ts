import { expect, it } from 'vitest';
import { killedBatch } from '../outages/killed-batch.ts';
import { freshDatabase } from '../servers/fresh-database.ts';

it('a batch under a limit whose gateway is killed twice is refused nothing by the provider', async () => {
  expect((await killedBatch({ lines: 500, kills: 2, limit: 200 })).filter(({ holds }) => !holds)).toEqual([]);
});

it.each(['sqlite', 'postgres'] as const)('a batch in %s whose gateway is killed five times has each result once', async (kind) => {
  const fresh = kind === 'postgres' ? await freshDatabase() : undefined;
  try {
    const checks = await killedBatch({ lines: 1000, kills: 5, ...(fresh && { database: fresh.url }) });
    console.log(`${kind}: ${checks.map(({ what, found }) => `${what} ${found}`).join('; ')}`);
    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
  } finally {
    await fresh?.drop();
  }
});
