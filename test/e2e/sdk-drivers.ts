import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAI as createOpenAI3 } from '@ai-sdk/openai3';
import Anthropic from '@anthropic-ai/sdk';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import { generateText as generateText6, streamText as streamText6, wrapLanguageModel as wrapLanguageModel6 } from 'ai6';
import OpenAI from 'openai';
import OpenAI6 from 'openai6';
import type { Headgate } from '../../src/client/index.ts';

const MAX_TOKENS = 16;
export const KEY = 'sk-simulated-000001';

/** One call through an unmodified SDK; gives the text of its answer. */
type Ask = (prompt: string) => Promise<string>;

export interface SdkCalls {
  readonly chat: Ask;
  readonly stream: Ask;
}

export interface SdkDriver {
  readonly name: string;
  readonly provider: 'openai' | 'anthropic';
  /** @param maxRetries undefined: the SDK's own default; @param reach what an SDK sends with that Headgate's middleware stands before */
  readonly connect: (headgate: Headgate, url: string, model: string, maxRetries: number | undefined, reach?: typeof fetch) => SdkCalls;
}

async function joined(texts: AsyncIterable<string>): Promise<string> {
  let all = '';
  for await (const text of texts) all += text;
  return all;
}

function openAiCalls(client: OpenAI, model: string): SdkCalls {
  const question = (prompt: string) => ({ model, max_tokens: MAX_TOKENS, messages: [{ role: 'user' as const, content: prompt }] });
  return {
    chat: async (prompt) => (await client.chat.completions.create(question(prompt))).choices[0]?.message.content ?? '',
    stream: async (prompt) => {
      let all = '';
      const chunks = await client.chat.completions.create({ ...question(prompt), stream: true });
      for await (const chunk of chunks) all += chunk.choices[0]?.delta.content ?? '';
      return all;
    },
  };
}

const limited = (maxRetries: number | undefined) => (maxRetries === undefined ? {} : { maxRetries });

export const SDK_DRIVERS: readonly SdkDriver[] = [
  {
    name: 'openai 7',
    provider: 'openai',
    connect: (headgate, url, model, maxRetries) =>
      openAiCalls(new OpenAI({ apiKey: 'unused', baseURL: `${url}/v1`, fetch: headgate.fetch(), ...limited(maxRetries) }), model),
  },
  {
    name: 'openai 6',
    provider: 'openai',
    connect: (headgate, url, model, maxRetries) => {
      const client = new OpenAI6({ apiKey: 'unused', baseURL: `${url}/v1`, fetch: headgate.fetch(), ...limited(maxRetries) });
      // The two versions' chat calls are one.
      return openAiCalls(client as unknown as OpenAI, model);
    },
  },
  {
    name: '@anthropic-ai/sdk',
    provider: 'anthropic',
    connect: (headgate, url, model, maxRetries) => {
      const client = new Anthropic({ apiKey: 'unused', baseURL: url, fetch: headgate.fetch(), ...limited(maxRetries) });
      const question = (prompt: string) => ({ model, max_tokens: MAX_TOKENS, messages: [{ role: 'user' as const, content: prompt }] });
      return {
        chat: async (prompt) => {
          const { content } = await client.messages.create(question(prompt));
          return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
        },
        stream: async (prompt) => client.messages.stream(question(prompt)).finalText(),
      };
    },
  },
  {
    name: 'ai 7 through fetch',
    provider: 'openai',
    connect: (headgate, url, model, maxRetries) => {
      const openai = createOpenAI({ apiKey: 'unused', baseURL: `${url}/v1`, fetch: headgate.fetch() });
      const question = (prompt: string) => ({ model: openai.chat(model), prompt, maxOutputTokens: MAX_TOKENS, ...limited(maxRetries) });
      return {
        chat: async (prompt) => (await generateText(question(prompt))).text,
        stream: (prompt) => joined(streamText(question(prompt)).textStream),
      };
    },
  },
  {
    name: 'ai 7 through the middleware',
    provider: 'anthropic',
    connect: (headgate, url, model, maxRetries, reach) => {
      const anthropic = createAnthropic({ apiKey: KEY, baseURL: `${url}/v1`, ...(reach && { fetch: reach }) });
      const wrapped = wrapLanguageModel({ model: anthropic(model), middleware: headgate.middleware() });
      const question = (prompt: string) => ({ model: wrapped, prompt, maxOutputTokens: MAX_TOKENS, ...limited(maxRetries) });
      return {
        chat: async (prompt) => (await generateText(question(prompt))).text,
        stream: (prompt) => joined(streamText(question(prompt)).textStream),
      };
    },
  },
  {
    name: 'ai 6 through fetch',
    provider: 'openai',
    connect: (headgate, url, model, maxRetries) => {
      const openai = createOpenAI3({ apiKey: 'unused', baseURL: `${url}/v1`, fetch: headgate.fetch() });
      const question = (prompt: string) => ({ model: openai.chat(model), prompt, maxOutputTokens: MAX_TOKENS, ...limited(maxRetries) });
      return {
        chat: async (prompt) => (await generateText6(question(prompt))).text,
        stream: (prompt) => joined(streamText6(question(prompt)).textStream),
      };
    },
  },
  {
    name: 'ai 6 through the middleware',
    provider: 'openai',
    connect: (headgate, url, model, maxRetries, reach) => {
      const openai = createOpenAI3({ apiKey: KEY, baseURL: `${url}/v1`, ...(reach && { fetch: reach }) });
      const wrapped = wrapLanguageModel6({ model: openai.chat(model), middleware: headgate.middleware() });
      const question = (prompt: string) => ({ model: wrapped, prompt, maxOutputTokens: MAX_TOKENS, ...limited(maxRetries) });
      return {
        chat: async (prompt) => (await generateText6(question(prompt))).text,
        stream: (prompt) => joined(streamText6(question(prompt)).textStream),
      };
    },
  },
  {
    name: 'LangChain',
    provider: 'openai',
    connect: (headgate, url, model, maxRetries) => {
      const chat = new ChatOpenAI({
        model,
        apiKey: 'unused',
        maxTokens: MAX_TOKENS,
        configuration: { baseURL: `${url}/v1`, fetch: headgate.fetch() },
        ...limited(maxRetries),
      });
      const textOf = ({ content }: { content: unknown }): string => (typeof content === 'string' ? content : '');
      return {
        chat: async (prompt) => textOf(await chat.invoke(prompt)),
        stream: async (prompt) => {
          let all = '';
          for await (const chunk of await chat.stream(prompt)) all += textOf(chunk);
          return all;
        },
      };
    },
  },
];
