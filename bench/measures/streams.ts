import { Pool } from 'undici';
import { heapOf } from '../gateways/heap-of.ts';
import { type GatewayName, startGateway } from '../gateways/start-gateway.ts';
import type { Figures } from '../harness/measures.ts';
import { quantile } from '../report/statistics.ts';
import { eachMoment, MESSAGES, sharedMicroseconds, UPSTREAM_MODEL } from '../upstream/chat-texts.ts';
import { startUpstream, type Upstream } from '../upstream/start-upstream.ts';
import { liveBytes } from './engine-setup.ts';
import { headgateFor } from './headgate-for.ts';

export type StreamReader = 'headgate.fetch()' | 'global fetch' | 'bare undici' | 'through headgate serve' | 'through a bare proxy';

export interface StreamsArgs {
  readonly reader: StreamReader;
  readonly streams: number;
  readonly chunks: number;
  readonly everyMs: number;
}

/** Opens a stream. */
type Open = (chunks: number) => Promise<AsyncIterable<Uint8Array>>;

interface Reading {
  readonly open: Open;
  readonly close: () => Promise<void>;
  /** Live bytes of what stands between; default: of this process. */
  readonly heap?: () => Promise<number>;
}

/** Streams are opened over this time, so that their chunks don't all come in the same millisecond. */
const OPENING_MS = 1000;
/** Left out before delays are taken: the last streams' first chunks. */
const SETTLING_MS = 300;
const WARM_UP_STREAMS = 300;
const WARM_UP_CHUNKS = 20;

/**
 * Many paced streams at once, through one reader. `delay…`: from just before the provider writes a chunk, in its own
 * process, to the reader's having it, of all chunks while every stream is open. `heap`: live bytes at the end of that
 * time less those before.
 */
export async function measure({ reader, streams, chunks, everyMs }: StreamsArgs): Promise<Figures> {
  const upstream = await startUpstream({ everyMs });
  const { open, close, heap: heapNow = async () => liveBytes() } = await readings[reader](upstream, streams);
  const delays = new Float64Array(streams * chunks);
  let taken = 0;
  let seen = 0;
  let taking = false;
  const see = (sentAt: number): void => {
    seen += 1;
    if (taking) delays[taken++] = sharedMicroseconds() - sentAt;
  };
  const readOne = async (length: number): Promise<void> => {
    for await (const bytes of await open(length)) eachMoment(bytes, see);
  };
  await Promise.all(Array.from({ length: WARM_UP_STREAMS }, () => readOne(WARM_UP_CHUNKS)));
  seen = 0;
  const before = await heapNow();
  const all: Promise<void>[] = [];
  const start = performance.now();
  while (all.length < streams) {
    const due = Math.min(streams, Math.ceil((streams * (performance.now() - start)) / OPENING_MS));
    while (all.length < due) all.push(readOne(chunks));
    await pause(1);
  }
  await pause(SETTLING_MS);
  taking = true;
  const cpuBefore = process.cpuUsage();
  await pause(chunks * everyMs - OPENING_MS - 2 * SETTLING_MS);
  taking = false;
  const { user, system } = process.cpuUsage(cpuBefore);
  const heap = (await heapNow()) - before;
  await Promise.all(all);
  await close();
  upstream.close();
  if (seen < 0.99 * streams * chunks) throw new Error(`Only ${seen} of ${streams * chunks} chunks arrived.`);
  const milliseconds = [...delays.subarray(0, taken)].map((microseconds) => microseconds / 1000);
  return {
    delayP50: quantile(milliseconds, 0.5),
    delayP99: quantile(milliseconds, 0.99),
    cpuMicroseconds: (user + system) / taken,
    heap: heap / 1e6,
    chunks: taken,
  };
}

function bodyFor(chunks: number): string {
  return JSON.stringify({
    model: UPSTREAM_MODEL,
    messages: MESSAGES,
    max_tokens: chunks,
    stream: true,
    stream_options: { include_usage: true },
  });
}

const HEADERS = { 'content-type': 'application/json', authorization: 'Bearer none' };

const readings: Readonly<Record<StreamReader, (upstream: Upstream, streams: number) => Promise<Reading>>> = {
  'headgate.fetch()': async (upstream) => {
    const headgate = await headgateFor(upstream);
    return { open: through(headgate.fetch(), upstream.url), close: () => headgate.close() };
  },

  'global fetch': async ({ url }) => ({ open: through(globalThis.fetch, url), close: async () => {} }),

  'bare undici': async ({ url }, streams) => overUndici(url, streams),
  'through headgate serve': (upstream, streams) => throughGateway('headgate serve', upstream, streams),
  'through a bare proxy': (upstream, streams) => throughGateway('bare node:http + undici', upstream, streams),
};

function overUndici(url: string, streams: number): Reading {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: streams });
  const open: Open = async (chunks) => {
    const { statusCode, body } = await pool.request({ method: 'POST', path: pathname, headers: HEADERS, body: bodyFor(chunks) });
    if (statusCode !== 200) throw new Error(`Answered ${statusCode} where a stream was asked for: ${await body.text()}`);
    return body;
  };
  return { open, close: () => pool.close() };
}

async function throughGateway(name: GatewayName, upstream: Upstream, streams: number): Promise<Reading> {
  const gateway = await startGateway(name, upstream);
  const { open, close } = overUndici(gateway.url, streams);
  return { open, close: () => close().then(gateway.close), heap: () => heapOf(gateway.child) };
}

function through(fetch: (url: string, init: RequestInit) => Promise<Response>, url: string): Open {
  return async (chunks) => {
    const { status, body } = await fetch(url, { method: 'POST', headers: HEADERS, body: bodyFor(chunks) });
    if (status !== 200 || body === null) throw new Error(`Answered ${status} where a stream was asked for.`);
    return body;
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
