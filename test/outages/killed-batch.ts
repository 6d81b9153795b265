import { startSimulator } from '../../src/simulator/index.ts';
import { GatewayCaller } from './caller.ts';
import { atMost, type Check, exactly } from './check.ts';
import { eventually } from './eventually.ts';
import { Served } from './served.ts';

export interface KilledBatchOptions {
  readonly lines: number;
  /** How often it is killed on the way, evenly spread over the lines. */
  readonly kills: number;
  /** Default: a SQLite file of its own. */
  readonly database?: string;
  /** Requests in 5 s that the provider takes and the gateway keeps to, whatever is killed; default any number. */
  readonly limit?: number;
}

/** Calls under way at once; so many are made again after each kill at most. */
const AT_ONCE = 100;
/** As many more whose outcome is not written down yet, and some that are being. */
const MADE_AGAIN = 3 * AT_ONCE;
const WINDOW_S = 5;

/** `kill -9` of a gateway that runs a batch. */
export async function killedBatch({ lines, kills, database = 'sqlite:gateway.db', limit }: KilledBatchOptions): Promise<readonly Check[]> {
  const latency = { headersMs: { min: 50, max: 150 } };
  const provider = await startSimulator({
    limits: limit === undefined ? [] : [{ type: 'rpm', limit, windowMs: WINDOW_S * 1_000, mechanism: 'sliding' }],
    latency,
  });
  const kept = limit === undefined ? [] : [{ type: 'rpm' as const, limit, timePeriod: WINDOW_S }];
  const deployments = [{ provider: 'openai', baseUrl: `${provider.url}/v1`, apiKey: 'upstream-key' }];
  await using served = new Served({
    models: { gpt: { deployments, rateLimiters: [{ type: 'concurrent', limit: AT_ONCE }, ...kept], learnLimits: false } },
    gateway: { database },
    telemetry: { sink: 'sqlite', path: 'telemetry.db' },
  });
  try {
    await served.start();
    const caller = new GatewayCaller(() => served.url);
    const began = performance.now();
    const id = await caller.handInBatch(lines);
    const killedAt: number[] = [];
    for (let kill = 1; kill <= kills; kill++) {
      const goal = (lines * kill) / (kills + 1);
      const batch = await eventually(
        () => caller.batch(id),
        ({ request_counts: counts }) => (counts?.completed ?? 0) >= goal,
      );
      killedAt.push(batch.request_counts?.completed ?? 0);
      await served.stop('SIGKILL');
      await served.start();
    }
    const isOver = ({ status }: { readonly status: string }): boolean => !['validating', 'in_progress', 'finalizing'].includes(status);
    const batch = await eventually(() => caller.batch(id), isOver, { withinMs: 300_000 });
    const seconds = (performance.now() - began) / 1000;
    const results = await caller.results(batch);
    const { total, completed, failed } = batch.request_counts ?? {};
    return [
      exactly('the batch is', batch.status, 'completed'),
      exactly('killed after so many of its lines', killedAt.join(' '), killedAt.filter((done) => done < lines).join(' ')),
      exactly('total, completed, failed', `${total} ${completed} ${failed}`, `${lines} ${lines} 0`),
      exactly('custom ids in its output', results.size, lines),
      exactly('of which more than once', [...results.values()].filter((times) => times > 1).length, 0),
      exactly('refused by the provider', provider.provider.stats().refused, 0),
      atMost('calls that were made again', provider.provider.stats().accepted - lines, kills * MADE_AGAIN),
      atMost('time taken, with the restarts', seconds, 300, 's'),
    ];
  } finally {
    await provider.close();
  }
}
