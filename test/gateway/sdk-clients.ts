import { createAnthropic } from '@ai-sdk/anthropic';
import { createAnthropic as createAnthropic3 } from '@ai-sdk/anthropic3';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAI as createOpenAI3 } from '@ai-sdk/openai3';
import Anthropic from '@anthropic-ai/sdk';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { embedMany, generateText, jsonSchema, type LanguageModel, streamText, tool } from 'ai';
import * as ai6 from 'ai6';
import OpenAI from 'openai';
import OpenAI6 from 'openai6';

/** What every SDK can ask of a gateway; it is set up as its users set it up, with another address. */
export interface SdkClient {
  readonly name: string;
  chat(model: string): Promise<string>;
  /** Hands out text as it comes. */
  stream(model: string, signal?: AbortSignal): AsyncIterable<string>;
  /** The name of the tool that is called. */
  tool(model: string): Promise<string | undefined>;
  /** How many vectors come back for two texts; absent: the SDK has no embeddings. */
  embed?(model: string): Promise<number>;
}

const MAX_TOKENS = 40;
const QUESTION = 'Say something short.';
const PROMPT = { role: 'user' as const, content: QUESTION };
const TEXTS = ['one', 'two'];
const SCHEMA = { type: 'object' as const, properties: { word: { type: 'string' as const } }, required: ['word'] };
const DESCRIPTION = 'Looks a word up.';
const FUNCTION_TOOL = { type: 'function' as const, function: { name: 'look_up', description: DESCRIPTION, parameters: SCHEMA } };

function openAi(name: string, client: OpenAI): SdkClient {
  const question = (model: string) => ({ model, max_tokens: MAX_TOKENS, messages: [PROMPT] });
  return {
    name,
    chat: async (model) => (await client.chat.completions.create(question(model))).choices[0]?.message.content ?? '',
    stream: async function* (model, signal) {
      const chunks = await client.chat.completions.create({ ...question(model), stream: true }, { signal });
      for await (const { choices } of chunks) yield choices[0]?.delta.content ?? '';
    },
    tool: async (model) => {
      const answer = await client.chat.completions.create({ ...question(model), tools: [FUNCTION_TOOL], tool_choice: 'required' });
      const [called] = answer.choices[0]?.message.tool_calls ?? [];
      return called?.type === 'function' ? called.function.name : undefined;
    },
    embed: async (model) => (await client.embeddings.create({ model, input: TEXTS })).data.length,
  };
}

function openAiResponses(name: string, client: OpenAI): SdkClient {
  const question = (model: string) => ({ model, max_output_tokens: MAX_TOKENS, input: QUESTION });
  const look = { type: 'function' as const, name: 'look_up', description: DESCRIPTION, parameters: SCHEMA, strict: false };
  return {
    name,
    chat: async (model) => (await client.responses.create(question(model))).output_text,
    stream: async function* (model, signal) {
      for await (const event of await client.responses.create({ ...question(model), stream: true }, { signal })) {
        if (event.type === 'response.output_text.delta') yield event.delta;
      }
    },
    tool: async (model) => {
      const { output } = await client.responses.create({ ...question(model), tools: [look], tool_choice: 'required' });
      return output.flatMap((item) => (item.type === 'function_call' ? item.name : []))[0];
    },
  };
}

function anthropic(name: string, client: Anthropic): SdkClient {
  const question = (model: string) => ({ model, max_tokens: MAX_TOKENS, messages: [PROMPT] });
  return {
    name,
    chat: async (model) => {
      const { content } = await client.messages.create(question(model));
      return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    },
    stream: async function* (model, signal) {
      for await (const event of client.messages.stream(question(model), { signal })) {
        if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield event.delta.text;
      }
    },
    tool: async (model) => {
      const tools = [{ name: 'look_up', description: DESCRIPTION, input_schema: SCHEMA }];
      const { content } = await client.messages.create({ ...question(model), tools, tool_choice: { type: 'any' } });
      return content.flatMap((block) => (block.type === 'tool_use' ? block.name : []))[0];
    },
  };
}

type AiFunctions = Pick<typeof import('ai'), 'generateText' | 'streamText' | 'tool' | 'jsonSchema'>;
const AI_7: AiFunctions = { generateText, streamText, tool, jsonSchema };
// What is called here is the same in both versions.
const AI_6 = ai6 as unknown as AiFunctions;

function ai(name: string, functions: AiFunctions, modelOf: (id: string) => LanguageModel): SdkClient {
  const question = (id: string) => ({ model: modelOf(id), prompt: QUESTION, maxOutputTokens: MAX_TOKENS });
  return {
    name,
    chat: async (id) => (await functions.generateText(question(id))).text,
    stream: (id, abortSignal) => functions.streamText({ ...question(id), abortSignal, onError: () => {} }).textStream,
    tool: async (id) => {
      const tools = { look_up: functions.tool({ description: DESCRIPTION, inputSchema: functions.jsonSchema(SCHEMA) }) };
      const { toolCalls } = await functions.generateText({ ...question(id), tools, toolChoice: 'required' });
      return toolCalls[0]?.toolName;
    },
  };
}

function langChain(name: string, url: string, apiKey: string): SdkClient {
  const configuration = { baseURL: `${url}/v1` };
  const chatOf = (model: string) => new ChatOpenAI({ model, apiKey, maxTokens: MAX_TOKENS, configuration });
  return {
    name,
    chat: async (model) => (await chatOf(model).invoke(QUESTION)).text,
    stream: async function* (model, signal) {
      for await (const chunk of await chatOf(model).stream(QUESTION, { signal })) yield chunk.text;
    },
    tool: async (model) => {
      const bound = chatOf(model).bindTools([FUNCTION_TOOL], { tool_choice: 'required' });
      return (await bound.invoke(QUESTION)).tool_calls?.[0]?.name;
    },
    embed: async (model) => (await new OpenAIEmbeddings({ model, apiKey, configuration }).embedDocuments(TEXTS)).length,
  };
}

export const SDK_NAMES = [
  'openai 7',
  'openai 7, responses',
  'openai 6',
  'openai 6, responses',
  '@anthropic-ai/sdk 1',
  'ai 7, @ai-sdk/openai',
  'ai 7, @ai-sdk/openai, responses',
  'ai 7, @ai-sdk/anthropic',
  'ai 6, @ai-sdk/openai',
  'ai 6, @ai-sdk/anthropic',
  'LangChain.js',
] as const;

/** The SDK of that name, unmodified, told nothing but another address. */
export function sdkClient(name: (typeof SDK_NAMES)[number], url: string, apiKey = 'none'): SdkClient {
  const baseURL = `${url}/v1`;
  const newest = createOpenAI({ baseURL, apiKey });
  const older = createOpenAI3({ baseURL, apiKey });
  const makers: Record<typeof name, () => SdkClient> = {
    'openai 7': () => openAi(name, new OpenAI({ baseURL, apiKey })),
    'openai 7, responses': () => openAiResponses(name, new OpenAI({ baseURL, apiKey })),
    'openai 6': () => openAi(name, new OpenAI6({ baseURL, apiKey }) as unknown as OpenAI),
    'openai 6, responses': () => openAiResponses(name, new OpenAI6({ baseURL, apiKey }) as unknown as OpenAI),
    '@anthropic-ai/sdk 1': () => anthropic(name, new Anthropic({ baseURL: url, apiKey })),
    'ai 7, @ai-sdk/openai': () => ({
      ...ai(name, AI_7, (id) => newest.chat(id)),
      embed: async (id) => (await embedMany({ model: newest.embedding(id), values: TEXTS })).embeddings.length,
    }),
    'ai 7, @ai-sdk/openai, responses': () => ai(name, AI_7, (id) => newest.responses(id)),
    'ai 7, @ai-sdk/anthropic': () => ai(name, AI_7, (id) => createAnthropic({ baseURL, apiKey })(id)),
    'ai 6, @ai-sdk/openai': () => ({
      ...ai(name, AI_6, (id) => older.chat(id) as unknown as LanguageModel),
      embed: async (id) => (await ai6.embedMany({ model: older.embedding(id), values: TEXTS })).embeddings.length,
    }),
    'ai 6, @ai-sdk/anthropic': () => ai(name, AI_6, (id) => createAnthropic3({ baseURL, apiKey })(id) as unknown as LanguageModel),
    'LangChain.js': () => langChain(name, url, apiKey),
  };
  return makers[name]();
}

/** The HTTP status that an SDK's error tells. */
export function statusOf(error: unknown): unknown {
  for (let at = error; typeof at === 'object' && at !== null; at = Reflect.get(at, 'cause')) {
    const status: unknown = Reflect.get(at, 'status') ?? Reflect.get(at, 'statusCode');
    if (status !== undefined) return status;
  }
  return undefined;
}
