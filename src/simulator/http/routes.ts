import type { Dialect } from '../simulator-options.ts';
import { countTokens, messagesRequest } from './anthropic-messages.ts';
import type { Endpoint } from './api-answer.ts';
import { chatCompletion } from './chat-completions.ts';
import { embeddingsRequest } from './embeddings.ts';
import { inputTokens, responsesRequest } from './responses-api.ts';

/** Which endpoint a path means, and how it speaks. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly dialect: Dialect;
  /** The model, where the path names it. */
  readonly model?: string;
  /** The query must have an `api-version`. */
  readonly wantsVersion?: boolean;
}

const OPENAI: Readonly<Record<string, Endpoint>> = {
  'chat/completions': chatCompletion,
  responses: responsesRequest,
  'responses/input_tokens': inputTokens,
  embeddings: embeddingsRequest,
};

const ANTHROPIC: Readonly<Record<string, Endpoint>> = { '/v1/messages': messagesRequest, '/v1/messages/count_tokens': countTokens };

/** Where OpenAI-compatible providers have their endpoints: OpenAI itself, OpenRouter, Gemini, Groq (and Azure's newer paths). */
const BASES = ['/v1/', '/api/v1/', '/v1beta/openai/', '/openai/v1/'];
const DEPLOYMENT = /^(?:\/openai)?\/deployments\/([^/]+)\/(.+)$/;

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function openAiDialect(dialect: Dialect, base: string): Dialect {
  if (base === '/openai/v1/' && dialect !== 'groq') return 'azure';
  return dialect === 'anthropic' ? 'openai' : dialect;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Finds what a `POST` to a path means. `dialect` is the provider's own; undefined: nothing is there. */
export function routeOf(path: string, dialect: Dialect): Route | undefined {
  const messages = own(ANTHROPIC, path);
  if (messages) return { endpoint: messages, dialect: 'anthropic' };
  for (const base of BASES) {
    const endpoint = path.startsWith(base) ? own(OPENAI, path.slice(base.length)) : undefined;
    if (endpoint) return { endpoint, dialect: openAiDialect(dialect, base) };
  }
  const [, name, rest] = DEPLOYMENT.exec(path) ?? [];
  const endpoint = rest === undefined ? undefined : own(OPENAI, rest);
  return endpoint && name !== undefined ? { endpoint, dialect: 'azure', model: decoded(name), wantsVersion: true } : undefined;
}

const MODEL_LISTS = /^\/(?:v1|api\/v1|v1beta\/openai|openai|openai\/v1)\/models(?:\/(.+))?$/;

/** What follows a list of models in a path: nothing, or one model's name; undefined: it is no such path. */
export function modelPath(path: string): string | undefined {
  const match = MODEL_LISTS.exec(path);
  return match ? (match[1] ?? '') : undefined;
}
