import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator } from '../../src/simulator/index.ts';
import type { PrivateServer } from '../servers/private-server.ts';
import { GatewayCaller } from './caller.ts';
import { atLeast, atMost, type Check, exactly } from './check.ts';
import { durablePostgres, query } from './durable-postgres.ts';
import { eventually } from './eventually.ts';
import { Served } from './served.ts';
import { SteadyLoad, took } from './steady-load.ts';

export interface PostgresOutageOptions {
  /** Stopped by a signal, so that it takes connections and answers nothing; or killed, and started again. */
  readonly how: 'hung' | 'killed';
  readonly beforeMs: number;
  readonly outageMs: number;
  /** Lines of the batch that runs meanwhile. */
  readonly lines: number;
  /** Calls a second that are waited for; half as many are handed in. */
  readonly perSecond: number;
  /** Records of telemetry that may wait. */
  readonly bufferSize?: number;
  /** Longest time of a call, in ms; the provider takes at most 100. */
  readonly slowest: number;
}

/** Longest time for an answer that nothing can be taken in, in ms. */
const REFUSED_WITHIN_MS = 3000;
/** A gateway that just started is slow. */
const WARM_UP_MS = 1000;
const RECOVERED_WITHIN_MS = 20_000;
const MORE_MEMORY_MIB = 100;

/** A gateway all of whose data is in Postgres, under load of all kinds, loses that server for some time. */
export async function postgresOutage(options: PostgresOutageOptions): Promise<readonly Check[]> {
  await using postgres = await durablePostgres();
  const provider = await startSimulator({ limits: [], latency: { headersMs: { min: 50, max: 100 } } });
  const deployments = [{ provider: 'openai', baseUrl: `${provider.url}/v1`, apiKey: 'upstream-key' }];
  await using served = new Served({
    models: { gpt: { deployments, rateLimiters: [{ type: 'concurrent', limit: 20 }], learnLimits: false } },
    gateway: { database: postgres.url },
    telemetry: { connectionString: postgres.url, bufferSize: options.bufferSize ?? 10_000 },
  });
  try {
    const key = served.key('acme', '--admin');
    await served.start();
    const caller = new GatewayCaller(() => served.url, key);
    return await underLoad(options, { postgres, served, caller, calls: () => provider.provider.stats().accepted });
  } finally {
    await provider.close();
  }
}

interface World {
  readonly postgres: PrivateServer;
  readonly served: Served;
  readonly caller: GatewayCaller;
  /** How many the provider has had. */
  readonly calls: () => number;
}

async function underLoad(options: PostgresOutageOptions, { postgres, served, caller, calls }: World): Promise<readonly Check[]> {
  const { perSecond, lines, beforeMs, outageMs } = options;
  const interactive = new SteadyLoad(perSecond, () => caller.chat()).start();
  const handedIn = new SteadyLoad(perSecond / 2, () => caller.handIn()).start();
  const watchers = ['/readyz', '/metrics'].map((path) => new SteadyLoad(2, () => caller.get(path)).start());
  const batchId = await caller.handInBatch(lines);
  await sleep(WARM_UP_MS);
  const warmAt = performance.now();
  await sleep(beforeMs);

  const memoryBefore = served.memory;
  let memoryMost = memoryBefore;
  const sampling = setInterval(() => {
    memoryMost = Math.max(memoryMost, served.memory);
  }, 2000);
  const downAt = performance.now();
  if (options.how === 'hung') postgres.pause();
  else await postgres.stop();
  await sleep(outageMs / 2);
  const askedAt = performance.now();
  const batchMeanwhile = await caller.handInBatch(1).then(
    () => 200,
    (error: { status?: number }) => error.status ?? 0,
  );
  const batchMs = performance.now() - askedAt;
  await sleep(Math.max(0, downAt + outageMs - performance.now()));
  if (options.how === 'hung') postgres.resume();
  else await postgres.start();
  const upAt = performance.now();
  const firstTaken = await eventually(
    async () => handedIn.answers.find(({ sentAt, status }) => sentAt > upAt && status === 202),
    (answer) => answer !== undefined,
  );
  await sleep(1000);
  for (const load of [interactive, handedIn, ...watchers]) await load.stop();
  clearInterval(sampling);

  const batch = await eventually(
    () => caller.batch(batchId),
    ({ status }) => status === 'completed',
    { everyMs: 200, withinMs: 120_000 },
  );
  const recoveredMs = (firstTaken?.answeredAt ?? Number.POSITIVE_INFINITY) - upAt;
  const results = await caller.results(batch);
  const taken = handedIn.answers.filter(({ status }) => status === 202).map(({ body }) => (JSON.parse(body) as { id: string }).id);
  let done = 0;
  for (const id of taken) {
    await eventually(
      () => caller.statusOf(id),
      (status) => status === 'completed',
    );
    done += 1;
  }
  const refused = handedIn.answers.filter(({ status }) => status === 503);
  const all = interactive.answers.length + taken.length + lines;
  const lost = await eventually(
    async () => ({ lost: await lostRecords(caller), rows: await rowsOf(postgres) }),
    (records) => records.lost + records.rows >= all,
    { everyMs: 250, withinMs: 30_000 },
  ).then(
    (records) => records.lost,
    () => lostRecords(caller),
  );

  return [
    exactly(
      'interactive calls that failed',
      interactive.broken.length + interactive.answers.filter(({ status }) => status !== 200).length,
      0,
    ),
    atMost('slowest interactive call meanwhile', interactive.slowest(downAt, upAt), options.slowest, 'ms'),
    atMost(
      'slowest interactive call otherwise',
      Math.max(interactive.slowest(warmAt, downAt), interactive.slowest(upAt)),
      options.slowest,
      'ms',
    ),
    exactly(
      'answers to handed-in calls besides 202 and 503',
      handedIn.broken.length + handedIn.answers.length - taken.length - refused.length,
      0,
    ),
    exactly('503 without retry-after', refused.filter(({ headers }) => !(Number(headers.get('retry-after')) > 0)).length, 0),
    atLeast('handed-in calls refused with 503', refused.length, 1),
    atMost('slowest 503', Math.max(0, ...refused.map(took)), REFUSED_WITHIN_MS, 'ms'),
    exactly('a batch meanwhile is answered', batchMeanwhile, 503),
    atMost('within', batchMs, REFUSED_WITHIN_MS, 'ms'),
    exactly('calls handed in, acknowledged and completed', done, taken.length),
    exactly('lines of the batch with one result', [...results.values()].filter((times) => times === 1).length, lines),
    exactly('calls at the provider', calls(), all),
    exactly('rows of telemetry, and records counted as lost', (await rowsOf(postgres)) + lost, all),
    options.bufferSize === undefined ? exactly('records lost', lost, 0) : atLeast('records lost', lost, 1),
    exactly('calls with a row twice', await twice(postgres), 0),
    ...watchers.flatMap((load, index) => [
      exactly(
        `${index === 0 ? '/readyz' : '/metrics'}: answers that were not 200`,
        load.broken.length + load.answers.filter(({ status }) => status !== 200).length,
        0,
      ),
      atMost('slowest', load.slowest(warmAt), options.slowest, 'ms'),
    ]),
    atMost('takes work again after', recoveredMs, RECOVERED_WITHIN_MS, 'ms'),
    atMost('more memory at most', memoryMost - memoryBefore, MORE_MEMORY_MIB, 'MiB'),
  ];
}

async function lostRecords(caller: GatewayCaller): Promise<number> {
  const text = await (await caller.get('/metrics')).text();
  return Number(/^headgate_telemetry_lost_total (\d+)/m.exec(text)?.[1]);
}

async function rowsOf(postgres: PrivateServer): Promise<number> {
  return number(await query(postgres, 'select count(*) as number from headgate_telemetry'));
}

async function twice(postgres: PrivateServer): Promise<number> {
  return number(await query(postgres, 'select count(*) - count(distinct req_id) as number from headgate_telemetry'));
}

function number([row]: readonly Record<string, unknown>[]): number {
  return Number(row?.['number']);
}
