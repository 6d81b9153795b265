import type { Clock, TimerHandle } from '../domain/clock.ts';
import { textOf } from '../domain/errors.ts';
import { oneLine } from '../lib/one-line.ts';
import type { ServerSentEvent } from '../providers/provider.ts';
import { waitInHeaders } from '../scheduling/asked-wait.ts';
import { backoffMs } from '../scheduling/backoff.ts';
import { EventText } from './event-text.ts';
import { refusalIn, WatchRefused } from './watch-refused.ts';

/** How a watcher's connection stands. */
export type Connection =
  /** `idle`: nobody is subscribed. `closed`: for good. */
  | { readonly state: 'idle' | 'connecting' | 'open' | 'closed' }
  | {
      readonly state: 'waiting';
      /** In one line. */
      readonly why: string;
      /** Connections in a row that brought nothing. */
      readonly failures: number;
      /** Epoch milliseconds at which it tries again. */
      readonly retryAt: number;
    }
  | { readonly state: 'refused'; readonly error: Error };

/** What connections are made from. */
export interface ConnectionParts {
  readonly key: string | undefined;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: () => number;
  /** A connection on which nothing came for so long is given up; heartbeats count. */
  readonly silenceMs: number;
}

export interface Following extends ConnectionParts {
  readonly url: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: ServerSentEvent) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** Nobody comes back at once, and those that were cut off together not together. */
const SHORTEST_WAIT_MS = 250;
const RETRIES = { maxAttempts: Number.POSITIVE_INFINITY, baseDelayMs: 1_000, maxDelayMs: 30_000, factor: 2 };

interface Lost {
  readonly why: string;
  /** How long the gateway asks to wait. */
  readonly askedMs?: number | undefined;
}

/**
 * Reads an event stream and connects again whenever it is lost, until `signal` aborts. Throws a `WatchRefused` for an answer
 * that no repetition mends.
 */
export async function followEvents(following: Following): Promise<void> {
  const { clock, random, signal, onConnection, onEvent } = following;
  let failures = 0;
  const hear = (event: ServerSentEvent): void => {
    failures = 0;
    onEvent(event);
  };
  while (!signal.aborted) {
    onConnection({ state: 'connecting' });
    const { why, askedMs = 0 } = await readUntilLost({ ...following, onEvent: hear });
    if (signal.aborted) return;
    const waitMs = Math.max(askedMs, SHORTEST_WAIT_MS) + backoffMs(RETRIES, ++failures, random);
    onConnection({ state: 'waiting', why, failures, retryAt: clock.wallMs() + waitMs });
    await pause(clock, waitMs, signal);
  }
}

async function readUntilLost({ url, key, fetch, clock, silenceMs, signal, onEvent, onConnection }: Following): Promise<Lost> {
  const connection = new AbortController();
  const leave = (): void => connection.abort();
  signal.addEventListener('abort', leave, { once: true });
  let isSilent = false;
  const giveUp = (): void => {
    isSilent = true;
    leave();
  };
  let timer: TimerHandle = clock.setTimeout(giveUp, silenceMs);
  try {
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'manual',
      signal: connection.signal,
    });
    const refusal = refusalIn(response, url);
    if (refusal !== undefined) throw refusal;
    if (!response.ok) return { why: `the gateway answered ${response.status}`, askedMs: waitInHeaders(response, clock.wallMs()) };
    if (signal.aborted) return { why: 'left' };
    onConnection({ state: 'open' });
    const events = new EventText();
    for await (const chunk of chunksOf(response)) {
      clock.clearTimeout(timer);
      timer = clock.setTimeout(giveUp, silenceMs);
      for (const event of events.push(chunk)) onEvent(event);
    }
    return { why: 'the gateway ended the stream' };
  } catch (error) {
    if (error instanceof WatchRefused) throw error;
    return { why: isSilent ? `nothing came for ${silenceMs / 1_000} s` : whyLost(error) };
  } finally {
    clock.clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    leave();
  }
}

/** A response's body; not every browser can iterate one. */
async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const read = await reader?.read();
    if (read?.value === undefined) return;
    yield read.value;
  }
}

/** Of Node's `fetch failed` only its cause says anything. */
function whyLost(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  return oneLine(cause === undefined ? textOf(error) : textOf(cause)) || 'the connection failed';
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
