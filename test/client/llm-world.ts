import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLlmManager } from '../../src/client/llm/get-llm-manager.ts';
import type { LLMManager } from '../../src/client/llm/llm-manager.ts';
import type { LLMManagerOptions } from '../../src/client/llm/llm-manager-options.ts';
import type { HeadgateConfigInput } from '../../src/config/headgate-config-schema.ts';
import type { HttpTransport, HttpTransportRequest } from '../../src/domain/http-transport.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

/** What the fake provider was sent. */
export interface SeenCall {
  readonly key: string;
  readonly path: string;
  readonly method: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly at: number;
  aborted: boolean;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Server-sent events, each after `gapMs`. */
  readonly events?: readonly (object | string)[];
  readonly gapMs?: number;
  /** Before the head; default 0. */
  readonly delayMs?: number;
  /** The connection breaks instead of a head, or after the events. */
  readonly breaks?: boolean;
}

export type Behaviour = (call: SeenCall, count: number) => Reply;

export interface World {
  readonly clock: VirtualClock;
  readonly manager: LLMManager;
  readonly calls: SeenCall[];
  /** Calls that are open at the provider now. */
  readonly open: { now: number; most: number };
  behave(behaviour: Behaviour): void;
  /** Advances the clock until the promise has settled. */
  until<T>(promise: Promise<T>): Promise<T>;
}

export const anthropicAnswer = (text = 'Four metres.'): Reply => ({
  json: {
    id: 'msg_1',
    model: 'claude-x',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 6, output_tokens: 3 },
  },
});

export const anthropicEvents = (...texts: readonly string[]): readonly object[] => [
  { type: 'message_start', message: { id: 'msg_1', model: 'claude-x', usage: { input_tokens: 6, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ...texts.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
  { type: 'message_stop' },
];

export const openAiAnswer = (text = 'Four metres.'): Reply => ({
  json: {
    id: 'c-1',
    model: 'gpt-x',
    choices: [{ message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 6, completion_tokens: 3, total_tokens: 9 },
  },
});

export const refusal = (seconds = 1): Reply => ({
  status: 429,
  headers: { 'retry-after': String(seconds) },
  json: { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } },
});

export const failure = (status: number, type = 'api_error'): Reply => ({
  status,
  json: { type: 'error', error: { type, message: 'out of order' } },
});

/** A configuration of one provider with these keys. */
export function keys(count: number, more: object = {}, pool: object = {}): HeadgateConfigInput {
  const apiKeys = Array.from({ length: count }, (_, index) => `secret-key-${index + 1}`);
  return { providers: { anthropic: { apiKeys, models: 'claude-x', ...more } }, pool: { healthCheckInterval: 0, ...pool } };
}

/** A manager on a virtual clock over a provider in the same process. */
export async function world(config: HeadgateConfigInput, options: LLMManagerOptions = {}): Promise<World> {
  const clock = new VirtualClock();
  const calls: SeenCall[] = [];
  const open = { now: 0, most: 0 };
  let behaviour: Behaviour = () => anthropicAnswer();
  const transport: HttpTransport = async (request) => {
    request.onWritten();
    const call = seen(request, clock.now());
    calls.push(call);
    request.signal.addEventListener('abort', () => {
      call.aborted = true;
    });
    open.now += 1;
    open.most = Math.max(open.most, open.now);
    const reply = behaviour(call, calls.length);
    try {
      await sleep(clock, reply.delayMs ?? 0, request.signal);
      if (reply.breaks && reply.events === undefined) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    } catch (error) {
      open.now -= 1;
      throw error;
    }
    const isStream = reply.events !== undefined;
    const headers = { 'content-type': isStream ? 'text/event-stream' : 'application/json', ...reply.headers };
    return { status: reply.status ?? 200, headers, body: bodyOf(reply, clock, request.signal, open) };
  };
  const manager = await createLlmManager(config, { clock, transport, env: {}, random: () => 0.5, ...options });
  return {
    clock,
    manager,
    calls,
    open,
    behave: (next) => {
      behaviour = next;
    },
    until: (promise) => settled(promise, clock),
  };
}

function seen({ headers, path, method, body }: HttpTransportRequest, at: number): SeenCall {
  const key = headers['x-api-key'] ?? headers['authorization'] ?? headers['api-key'] ?? '';
  return { key, path, method, body: body === undefined ? {} : JSON.parse(body), at, aborted: false };
}

async function* bodyOf(reply: Reply, clock: VirtualClock, signal: AbortSignal, open: World['open']): AsyncGenerator<Uint8Array> {
  try {
    if (reply.events === undefined) {
      yield Buffer.from(typeof reply.json === 'string' ? reply.json : JSON.stringify(reply.json ?? {}));
      return;
    }
    for (const event of reply.events) {
      await sleep(clock, reply.gapMs ?? 0, signal);
      const data = typeof event === 'string' ? event : JSON.stringify(event);
      const name = typeof event === 'object' && 'type' in event ? `event: ${event.type}\n` : '';
      yield Buffer.from(`${name}data: ${data}\n\n`);
    }
    if (reply.breaks) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  } finally {
    open.now -= 1;
  }
}

function sleep(clock: VirtualClock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clock.clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

async function settled<T>(promise: Promise<T>, clock: VirtualClock): Promise<T> {
  let done = false;
  promise.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  // Bounded, so that what never settles fails instead of running for ever.
  for (let turns = 0; turns < 100_000 && !done; turns++) {
    if (clock.nextTimerAt === undefined) await nextTurn();
    else await clock.advanceUntil(() => done, 3_600_000);
  }
  if (!done) throw new Error('It never settled.');
  return promise;
}
