import { createHeadgate, createLlmManager } from 'headgate/client';
import OpenAI from 'openai';
import { type AlternateOptions, alternate } from '../harness/alternate.ts';
import type { Figures } from '../harness/measures.ts';
import { MAX_TOKENS, MESSAGES, UPSTREAM_MODEL } from '../upstream/chat-texts.ts';
import { startUpstream } from '../upstream/start-upstream.ts';
import { WIDE_LIMITS } from './fetch.ts';

/** `client.complete()` and the official SDK, turn by turn in one process, for the same chat completion. */
export async function measure(args: AlternateOptions): Promise<Figures> {
  const upstream = await startUpstream();
  const deployment = { provider: 'openai', baseUrl: upstream.baseUrl, apiKey: 'none' };
  const models = { [UPSTREAM_MODEL]: { rateLimiters: [...WIDE_LIMITS], deployments: [deployment] } };
  const headgate = await createHeadgate({ models });
  const manager = await createLlmManager({
    providers: {
      openai: {
        apiKeys: 'none-at-all',
        models: UPSTREAM_MODEL,
        settings: { baseUrl: upstream.baseUrl },
        rateLimits: { requestsPerMinute: 1_000_000_000, totalTokensPerMinute: 1_000_000_000_000 },
      },
    },
  });
  const client = manager.getClient('openai');
  const sdk = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'none' });
  const sdkOnHeadgate = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'none', fetch: headgate.fetch() });
  const messages = MESSAGES.map((message) => ({ ...message }));
  const asked = { model: UPSTREAM_MODEL, messages, max_tokens: MAX_TOKENS };
  const figures = await alternate(
    {
      sdk: () => sdk.chat.completions.create(asked),
      sdkOnHeadgate: () => sdkOnHeadgate.chat.completions.create(asked),
      client: () => client.complete(messages, { maxTokens: MAX_TOKENS }),
    },
    args,
  );
  await Promise.all([headgate.close(), manager.close()]);
  upstream.close();
  return {
    client: figures.client.perSecond,
    clientCpu: figures.client.cpuMicroseconds,
    sdk: figures.sdk.perSecond,
    sdkCpu: figures.sdk.cpuMicroseconds,
    sdkOnHeadgate: figures.sdkOnHeadgate.perSecond,
    sdkOnHeadgateCpu: figures.sdkOnHeadgate.cpuMicroseconds,
  };
}
