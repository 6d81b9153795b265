import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startSimulator } from '../../src/simulator/index.ts';
import type { PrivateServer } from '../servers/private-server.ts';
import { openRedis } from '../servers/redis.ts';
import { GatewayCaller } from './caller.ts';
import { atLeast, atMost, type Check, exactly } from './check.ts';
import { eventually } from './eventually.ts';
import { Served } from './served.ts';
import { type Answered, SteadyLoad } from './steady-load.ts';

export interface RedisOutageOptions {
  /** Stopped by a signal, so that it takes connections and answers nothing; or killed, and started again with nothing in it. */
  readonly how: 'hung' | 'killed';
  /** In windows of the limit, before, while and after it is down. */
  readonly windows: number;
  /** Of the limit, in seconds. */
  readonly windowS: number;
  /** Longest time of a call, in ms; the provider takes 50. */
  readonly slowest: number;
}

const TELEMETRY = 'telemetry.db';
const LIMIT = 60;
/** The share of a limit that is sure to be let through in any window, and the most. */
const SHARE = { least: 0.8, most: 1 };
/** A gateway that just started is slow. */
const WARM_UP_MS = 1500;
/** Between a decision and the moment that its record tells of, others may have their turn. */
const TOLERANCE_MS = 100;
const RECOVERED_WITHIN_MS = 5000;

/** A gateway whose tenants' requests and budgets are counted in Redis loses that server for some time. */
export async function redisOutage(options: RedisOutageOptions): Promise<readonly Check[]> {
  await using redis = await openRedis();
  const provider = await startSimulator({ limits: [], latency: { headersMs: { min: 50, max: 50 } } });
  const deployments = [{ provider: 'openai', baseUrl: `${provider.url}/v1`, apiKey: 'upstream-key' }];
  await using served = new Served({
    models: { gpt: { deployments } },
    gateway: { database: 'sqlite:gateway.db' },
    telemetry: { sink: 'sqlite', path: TELEMETRY },
    limitsStore: redis.url,
    tenants: {
      acme: {
        userLimits: { maxNumRequestsInTimeWindow: LIMIT, timeWindowInSeconds: options.windowS },
        budget: { tokens: { perDay: 1_000_000_000 } },
      },
    },
  });
  try {
    await served.start();
    return await underLoad(options, redis, served);
  } finally {
    await provider.close();
  }
}

async function underLoad(
  { how, windows, windowS, slowest }: RedisOutageOptions,
  redis: PrivateServer,
  served: Served,
): Promise<readonly Check[]> {
  const caller = new GatewayCaller(() => served.url);
  const lastingMs = windows * windowS * 1000;
  // Twice what the limit allows, so that it is what decides.
  const load = new SteadyLoad((2 * LIMIT) / windowS, () => caller.chat('hi', { 'x-headgate-tenant': 'acme' })).start();
  const ready = new SteadyLoad(2, () => caller.get('/readyz')).start();
  await sleep(WARM_UP_MS);
  const warmAt = performance.now();
  await sleep(lastingMs);
  const spentBefore = await spending(redis);
  const downAt = performance.now();
  if (how === 'hung') redis.pause();
  else await redis.stop();
  await sleep(lastingMs);
  if (how === 'hung') redis.resume();
  else await redis.start();
  const upAt = performance.now();
  await eventually(() => counting(redis), Boolean, { withinMs: 30_000 });
  const recoveredMs = performance.now() - upAt;
  await sleep(lastingMs);
  await Promise.all([load.stop(), ready.stop()]);

  const { admitted, refused } = await eventually(
    async () => decisionsIn(join(served.folder, TELEMETRY)),
    (decisions) => decisions.admitted.length + decisions.refused.length >= load.answers.length,
  );
  const whenWarm = (at: number): boolean => at >= warmAt;
  const most = mostIn(admitted.filter(whenWarm), windowS * 1000 - TOLERANCE_MS);
  const least = fewestBefore(refused.filter(whenWarm), admitted, windowS * 1000 + TOLERANCE_MS);
  const used = tokensIn(load.answers);
  const spent = await eventually(
    () => spending(redis),
    (tokens) => tokens >= used,
    { withinMs: 5000 },
  ).catch(() => spending(redis));
  const isOdd = ({ status, headers }: Answered): boolean => status !== 200 && !(status === 429 && Number(headers.get('retry-after')) > 0);
  return [
    exactly('answers besides 200 and 429 with retry-after', load.broken.length + load.answers.filter(isOdd).length, 0),
    atMost('slowest meanwhile', load.slowest(downAt, upAt), slowest, 'ms'),
    atMost('most of the limit in any window', most / LIMIT, SHARE.most),
    atLeast('least of the limit in any window before a refusal', least / LIMIT, SHARE.least),
    atMost('Redis counts again after', recoveredMs, RECOVERED_WITHIN_MS, 'ms'),
    exactly('tokens of the budget in Redis', spent, used),
    atLeast('of which before it was down', spentBefore, 1),
    exactly('/readyz: answers that were not 200', ready.broken.length + ready.answers.filter(({ status }) => status !== 200).length, 0),
  ];
}

/** What the gateway decided, and when: by this process's `performance.now()`. */
interface Decisions {
  readonly admitted: readonly number[];
  readonly refused: readonly number[];
}

function decisionsIn(path: string): Decisions {
  const database = new DatabaseSync(path, { readOnly: true });
  const moments = (column: string, where: string): number[] =>
    database
      .prepare(`select ${column} as moment from headgate_telemetry where ${where} order by 1`)
      .all()
      .map(({ moment }) => Number(moment) - performance.timeOrigin);
  const decisions = { admitted: moments('request_queued_at', 'request_queued_at > 0'), refused: moments('ended_at', 'status = 429') };
  database.close();
  return decisions;
}

/** Most moments within any span of so long. */
function mostIn(moments: readonly number[], spanMs: number): number {
  return Math.max(0, ...moments.map((from) => moments.filter((at) => at >= from && at < from + spanMs).length));
}

/** Fewest that were let in within so long before one was refused. */
function fewestBefore(refused: readonly number[], admitted: readonly number[], spanMs: number): number {
  return Math.min(...refused.map((to) => admitted.filter((at) => at >= to - spanMs && at <= to).length));
}

function tokensIn(answers: readonly Answered[]): number {
  return answers
    .filter(({ status }) => status === 200)
    .map(({ body }) => (JSON.parse(body) as { usage: { total_tokens: number } }).usage.total_tokens)
    .reduce((sum, tokens) => sum + tokens, 0);
}

/** Whether the gateway asks it about the tenant's requests. */
async function counting({ url }: PrivateServer): Promise<boolean> {
  return ask(url, async (redis) => {
    const newest = Number(await redis.lindex('headgate:tenants:acme', -1)) / 1000;
    const [seconds, micros] = await redis.time();
    return Number(seconds) * 1000 + Number(micros) / 1000 - newest < 1000;
  });
}

/** Tokens that it says the tenant used up today. */
async function spending({ url }: PrivateServer): Promise<number> {
  return ask(url, async (redis) => {
    const [day] = await redis.keys('headgate:spending:????-??-??:acme');
    return day === undefined ? 0 : Number(await redis.hget(day, 'tokens'));
  });
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: 500 });
  redis.on('error', () => {});
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
