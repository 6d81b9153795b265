import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulator } from '../../src/simulator/index.ts';
import type { PrivateServer } from '../servers/private-server.ts';
import { GatewayCaller } from './caller.ts';
import { atLeast, atMost, type Check, exactly } from './check.ts';
import { eventually } from './eventually.ts';
import { Served } from './served.ts';

export interface ToldToStopOptions {
  /** Of the batch. */
  readonly lines: number;
  /** Single requests that are handed in. */
  readonly requests: number;
  /** All of its data is there; hangs when it is told to stop. */
  readonly hanging?: PrivateServer;
}

const CALL_MS = 300;
const DRAIN_S = 5;
/** Nothing is in the way, or a database that doesn't answer: then it has done what it can after 13 s more. */
const STOPPED_WITHIN_MS = { free: DRAIN_S * 1000, hanging: (DRAIN_S + 15) * 1000 };

/** SIGTERM while a batch runs, single requests wait and somebody waits for an answer. */
export async function toldToStop({ lines, requests, hanging }: ToldToStopOptions): Promise<readonly Check[]> {
  const provider = await startSimulator({ limits: [], latency: { headersMs: { min: CALL_MS, max: CALL_MS } } });
  const deployments = [{ provider: 'openai', baseUrl: `${provider.url}/v1`, apiKey: 'upstream-key' }];
  await using served = new Served(
    {
      models: { gpt: { deployments, rateLimiters: [{ type: 'concurrent', limit: 20 }], learnLimits: false } },
      gateway: { database: hanging?.url ?? 'sqlite:gateway.db' },
      telemetry: hanging === undefined ? { sink: 'sqlite', path: 'telemetry.db' } : { connectionString: hanging.url },
    },
    ['--drain-seconds', String(DRAIN_S)],
  );
  try {
    await served.start();
    const caller = new GatewayCaller(() => served.url);
    const batchId = await caller.handInBatch(lines);
    const ids: string[] = [];
    for (let handedIn = 0; handedIn < requests; handedIn++) {
      ids.push(((await (await caller.handIn()).json()) as { id: string }).id);
    }
    await eventually(
      () => caller.batch(batchId),
      ({ request_counts: counts }) => (counts?.completed ?? 0) > 0,
    );
    const waiting = caller.chat();
    await sleep(CALL_MS / 3);
    hanging?.pause();
    const began = performance.now();
    const code = await served.stop('SIGTERM');
    const stoppedMs = performance.now() - began;
    const { status } = await waiting;
    hanging?.resume();
    const made = provider.provider.stats().accepted;

    await served.start();
    const batch = await eventually(
      () => caller.batch(batchId),
      (now) => now.status === 'completed',
      { withinMs: 120_000 },
    );
    for (const id of ids)
      await eventually(
        () => caller.statusOf(id),
        (now) => now === 'completed',
      );
    const results = await caller.results(batch);
    return [
      exactly('its exit code', code, 0),
      atMost('stopped after', stoppedMs, STOPPED_WITHIN_MS[hanging === undefined ? 'free' : 'hanging'], 'ms'),
      exactly('the call that was waited for is answered', status, 200),
      atLeast('calls left for after the restart', lines + requests + 1 - made, 1),
      exactly('lines of the batch with one result', [...results.values()].filter((times) => times === 1).length, lines),
      exactly('single requests completed', ids.length, requests),
      // What was answered and couldn't be written down is asked again.
      atLeast('calls at the provider', provider.provider.stats().accepted, lines + requests + 1),
      ...(hanging === undefined ? [exactly('none of them twice', provider.provider.stats().accepted, lines + requests + 1)] : []),
    ];
  } finally {
    await provider.close();
  }
}
