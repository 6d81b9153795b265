import type { JsonObject, ToolCall } from '../../../domain/chat.ts';
import { uuidSource } from '../../../lib/ids.ts';
import { countAt, isJsonObject, listAt, objectAt, textAt } from '../../codecs/json-fields.ts';
import { openAiChatCodec } from '../../codecs/openai-chat.ts';
import { calledFunctions } from '../called-functions.ts';

/** The call that an answer is for. */
export interface Asked {
  readonly said: JsonObject;
  /** When it is made, since 1970. */
  readonly wallMs: number;
}

/** What a `response` says of itself, whatever comes of it. */
export interface ResponseHead {
  /** What its id and those of its items are made of. */
  readonly stem: string;
  readonly createdAt: number;
  readonly model: unknown;
  readonly serviceTier: string | undefined;
}

/** How a response ended. */
interface ResponseEnding {
  readonly status: 'completed' | 'incomplete';
  readonly reason?: 'max_output_tokens' | 'content_filter';
}

/** For a server that gives its answers no id. */
const newStem = uuidSource();

/** From a chat completion or a chunk of one. */
export function headOf({ said, wallMs }: Asked, json: JsonObject): ResponseHead {
  return {
    stem: textAt(json, 'id') || newStem(),
    createdAt: countAt(json, 'created') || Math.floor(wallMs / 1000),
    model: textAt(json, 'model') || (said['model'] ?? ''),
    serviceTier: textAt(json, 'service_tier'),
  };
}

export function endingOf(finishReason: string | undefined): ResponseEnding {
  if (finishReason === 'length') return { status: 'incomplete', reason: 'max_output_tokens' };
  if (finishReason === 'content_filter') return { status: 'incomplete', reason: 'content_filter' };
  return { status: 'completed' };
}

/** The `response` object in one of its states. What the call left to the provider is null here: nobody knows. */
export function responseObject({ said }: Asked, head: ResponseHead, state: { readonly status: string; readonly [field: string]: unknown }) {
  return {
    id: `resp_${head.stem}`,
    object: 'response',
    created_at: head.createdAt,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: said['instructions'] ?? null,
    max_output_tokens: said['max_output_tokens'] ?? null,
    model: head.model,
    output: [],
    parallel_tool_calls: said['parallel_tool_calls'] ?? true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null, ...objectAt(said, 'reasoning') },
    service_tier: head.serviceTier ?? null,
    store: false,
    temperature: said['temperature'] ?? null,
    text: { format: { type: 'text' }, ...objectAt(said, 'text') },
    tool_choice: said['tool_choice'] ?? 'auto',
    tools: said['tools'] ?? [],
    top_p: said['top_p'] ?? null,
    truncation: 'disabled',
    usage: null,
    user: said['user'] ?? null,
    metadata: said['metadata'] ?? {},
    ...state,
  };
}

export function finishedResponse(asked: Asked, head: ResponseHead, ending: ResponseEnding, output: readonly JsonObject[], usage: unknown) {
  const { status, reason } = ending;
  const incomplete = reason === undefined ? null : { reason };
  return responseObject(asked, head, { status, output, usage: usageOf(usage), incomplete_details: incomplete });
}

export function textPart(text: string): JsonObject {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

export function refusalPart(refusal: string): JsonObject {
  return { type: 'refusal', refusal };
}

export function messageItem({ stem }: ResponseHead, index: number, status: string, content: readonly JsonObject[]): JsonObject {
  return { type: 'message', id: `msg_${stem}_${index}`, status, role: 'assistant', content };
}

/** Some servers send nothing for no arguments, where a response's callers parse JSON. */
export function argumentsOf(text: string, status: string): string {
  return text === '' && status === 'completed' ? '{}' : text;
}

export function callItem({ stem }: ResponseHead, index: number, status: string, call: ToolCall): JsonObject {
  const { id, name } = call;
  const text = argumentsOf(call.arguments, status);
  return {
    type: 'function_call',
    id: `fc_${stem}_${index}`,
    call_id: id || `call_${stem.slice(-24)}_${index}`,
    name,
    arguments: text,
    status,
  };
}

/** A whole answer. Throws a `ProviderFailure` for something that is no chat completion. */
export function responseOf(asked: Asked, json: unknown): JsonObject {
  const { content, toolCalls, metadata } = openAiChatCodec.decode(json, { messages: [], stream: false });
  const answered = isJsonObject(json) ? json : {};
  calledFunctions(objectAt(listAt(answered, 'choices')[0], 'message'));
  const head = headOf(asked, answered);
  const ending = endingOf(textAt(metadata, 'finishReason'));
  const refusal = textAt(metadata, 'refusal') ?? '';
  const parts = [...(content === '' ? [] : [textPart(content)]), ...(refusal === '' ? [] : [refusalPart(refusal)])];
  if (parts.length === 0 && toolCalls.length === 0) parts.push(textPart(''));
  const last = toolCalls.length - (parts.length === 0 ? 1 : 0);
  // Only what came last was cut off.
  const statusAt = (index: number) => (index === last ? ending.status : 'completed');
  const message = parts.length === 0 ? [] : [messageItem(head, 0, statusAt(0), parts)];
  const calls = toolCalls.map((call, at) => callItem(head, message.length + at, statusAt(message.length + at), call));
  return finishedResponse(asked, head, ending, [...message, ...calls], answered['usage']);
}

function usageOf(usage: unknown): JsonObject | null {
  if (!isJsonObject(usage)) return null;
  const input = countAt(usage, 'prompt_tokens');
  if (input === undefined) return null;
  const output = countAt(usage, 'completion_tokens') ?? 0;
  const read = objectAt(usage, 'prompt_tokens_details');
  const reasoning = countAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens') ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: countAt(read, 'cached_tokens') ?? 0,
      cache_write_tokens: countAt(read, 'cache_write_tokens') ?? 0,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: countAt(usage, 'total_tokens') ?? input + output,
  };
}
