import { createLlmManager } from 'headgate/client';
import OpenAI from 'openai';
import type { Figures } from '../harness/measures.ts';
import { MAX_TOKENS, MESSAGES, UPSTREAM_MODEL } from '../upstream/chat-texts.ts';
import { startUpstream, type Upstream } from '../upstream/start-upstream.ts';
import { headgateFor } from './headgate-for.ts';

/** Ways to make the same chat completion. */
export type ChatWay = 'global fetch' | 'headgate.fetch()' | 'openai' | 'openai through headgate.fetch()' | 'client.complete()';

export interface ChatsArgs {
  readonly way: ChatWay;
  /** Calls that are not counted: until the compiler is done with the code. A service runs for longer than that takes. */
  readonly warmUp: number;
  readonly calls: number;
  readonly concurrency: number;
}

interface Calling {
  readonly call: () => Promise<unknown>;
  readonly close?: () => Promise<void>;
}

/** Calls one after the other in so many lanes. `cpuMicroseconds`: of the whole process, for a call. */
export async function measure({ way, warmUp, calls, concurrency }: ChatsArgs): Promise<Figures> {
  const upstream = await startUpstream();
  const { call, close } = await ways[way](upstream);
  await inLanes(call, warmUp, concurrency);
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await inLanes(call, calls, concurrency);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await close?.();
  upstream.close();
  return { perSecond: calls / seconds, cpuMicroseconds: (user + system) / calls };
}

async function inLanes(call: () => Promise<unknown>, calls: number, lanes: number): Promise<void> {
  let left = calls;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const ASKED = { model: UPSTREAM_MODEL, messages: MESSAGES.map((message) => ({ ...message })), max_tokens: MAX_TOKENS };

const ways: Readonly<Record<ChatWay, (upstream: Upstream) => Calling | Promise<Calling>>> = {
  'global fetch': ({ url }) => ({ call: throughFetch(globalThis.fetch, url) }),

  'headgate.fetch()': async (upstream) => {
    const headgate = await headgateFor(upstream);
    return { call: throughFetch(headgate.fetch(), upstream.url), close: () => headgate.close() };
  },

  openai: ({ baseUrl }) => ({ call: throughSdk(new OpenAI({ baseURL: baseUrl, apiKey: 'none' })) }),

  'openai through headgate.fetch()': async (upstream) => {
    const headgate = await headgateFor(upstream);
    const sdk = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'none', fetch: headgate.fetch() });
    return { call: throughSdk(sdk), close: () => headgate.close() };
  },

  'client.complete()': async ({ baseUrl }) => {
    const manager = await createLlmManager({
      providers: {
        openai: {
          apiKeys: 'none-at-all',
          models: UPSTREAM_MODEL,
          settings: { baseUrl },
          rateLimits: { requestsPerMinute: 1_000_000_000, totalTokensPerMinute: 1_000_000_000_000 },
        },
      },
    });
    const client = manager.getClient('openai');
    return { call: () => client.complete(ASKED.messages, { maxTokens: MAX_TOKENS }), close: () => manager.close() };
  },
};

function throughFetch(fetch: (url: string, init: RequestInit) => Promise<Response>, url: string) {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer none' },
    body: JSON.stringify(ASKED),
  };
  return async (): Promise<void> => {
    const response = await fetch(url, init);
    const answer: unknown = await response.json();
    if (response.status !== 200) throw new Error(`Answered ${response.status}: ${JSON.stringify(answer)}`);
  };
}

function throughSdk(sdk: OpenAI) {
  return () => sdk.chat.completions.create(ASKED);
}
