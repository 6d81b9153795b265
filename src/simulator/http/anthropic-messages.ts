import { anthropicError } from '../anthropic-errors.ts';
import type { ResponseKind, SimulatedScript } from '../request-script.ts';
import type { ApiAnswer, ApiContext, ApiProblem, ApiReply, ApiRequest, ErrorOutcome } from './api-answer.ts';
import { expectedAnswer, firstToolName } from './expected-answer.ts';
import { tokensOfCharacters } from './filler-text.ts';
import { isObject, type JsonObject } from './json-object.ts';
import { badRequest, isProblem, type PlannedOutput, plannedOutput, scriptOf, textLength, toolsLength } from './request-fields.ts';

const MOST_EVENTS = 32;

interface MessagePlan {
  readonly context: ApiContext;
  readonly model: string;
  readonly toolName: string;
  readonly kind: ResponseKind;
  /** Which stop sequence ends it, where one does. */
  readonly stopSequence: string | null;
  /** Without those from the cache. */
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly output: PlannedOutput;
}

function stopReason(kind: ResponseKind): string {
  switch (kind) {
    case 'tool_call':
      return 'tool_use';
    case 'length':
      return 'max_tokens';
    case 'stop_sequence':
      return kind;
    case 'refusal':
    case 'content_filter':
      return 'refusal';
    case 'answer':
      return 'end_turn';
  }
}

function inputUsage({ inputTokens, cachedTokens }: MessagePlan): object {
  return {
    input_tokens: inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
  };
}

/** A message object; `outputTokens` absent: as it begins. */
function message(plan: MessagePlan, content: readonly object[], outputTokens?: number): object {
  const ended = outputTokens !== undefined;
  return {
    id: `msg_${plan.context.id}`,
    type: 'message',
    role: 'assistant',
    model: plan.model,
    content,
    stop_reason: ended ? stopReason(plan.kind) : null,
    stop_sequence: ended ? plan.stopSequence : null,
    usage: { ...inputUsage(plan), output_tokens: outputTokens ?? 1, service_tier: 'standard' },
  };
}

function toolArguments({ output }: MessagePlan, text: string): unknown {
  if (!output.scripted) return { query: text };
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function contentBlock(plan: MessagePlan, text: string | undefined): object {
  if (plan.kind !== 'tool_call') return { type: 'text', text: text ?? '' };
  const input = text === undefined ? {} : toolArguments(plan, text);
  return { type: 'tool_use', id: `toolu_${plan.context.id}`, name: plan.toolName, input };
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function errorJson({ status, message: text }: ErrorOutcome, id: string): string {
  return JSON.stringify(anthropicError(status, text, `req_${id}`));
}

function messagesAnswer(plan: MessagePlan): ApiAnswer {
  const { text, scripted } = plan.output;
  const isCall = plan.kind === 'tool_call';
  const [before, after] = isCall ? ['{"type":"input_json_delta","partial_json":"', '"}'] : ['{"type":"text_delta","text":"', '"}'];
  const delta = (json: string) =>
    `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":${before}${json}${after}}\n\n`;
  const frame = (json: string) => (isCall && !scripted ? delta(json) : '');
  return {
    whole: (outputTokens) => JSON.stringify(message(plan, [contentBlock(plan, text.raw(0, outputTokens))], outputTokens)),
    begin: () =>
      event('message_start', { message: message(plan, []) }) +
      event('content_block_start', { index: 0, content_block: contentBlock(plan, undefined) }) +
      event('ping', {}) +
      (isCall ? delta('') : '') +
      frame('{\\"query\\": \\"'),
    portion(from, to) {
      const step = Math.max(1, Math.ceil((to - from) / MOST_EVENTS));
      let events = '';
      for (let at = from; at < to; at += step) events += delta(text.json(at, Math.min(at + step, to)));
      return events;
    },
    end: (outputTokens) =>
      frame('\\"}') +
      event('content_block_stop', { index: 0 }) +
      event('message_delta', {
        delta: { stop_reason: stopReason(plan.kind), stop_sequence: plan.stopSequence },
        usage: { ...inputUsage(plan), output_tokens: outputTokens },
      }) +
      event('message_stop', {}),
    streamError: (outcome) => `event: error\ndata: ${errorJson(outcome, plan.context.id)}\n\n`,
    bodyError: (outcome) => errorJson(outcome, plan.context.id),
  };
}

/** What `POST /v1/messages` and its count of tokens have in common. */
function inputOf(
  body: JsonObject,
): { readonly model: string; readonly messages: readonly unknown[]; readonly tokens: number } | ApiProblem {
  const { model, messages } = body;
  if (typeof model !== 'string' || model === '') return badRequest('model: Field required');
  if (!Array.isArray(messages)) return badRequest('messages: Field required');
  if (messages.length === 0) return badRequest('messages: at least one message is required');
  for (const [index, given] of messages.entries()) {
    const role = isObject(given) ? given['role'] : undefined;
    if (role !== 'user' && role !== 'assistant') return badRequest(`messages.${index}.role: Input should be 'user' or 'assistant'`);
    if (textLength(isObject(given) ? given['content'] : '') === 0 && isObject(given) && given['content'] === '')
      return badRequest(`messages.${index}: user messages must have non-empty content`);
  }
  const characters = textLength(messages) + textLength(body['system']) + toolsLength(body['tools']);
  return { model, messages, tokens: tokensOfCharacters(characters) };
}

/** Reads a body of `POST /v1/messages`. `max_tokens` is required. */
export function messagesRequest(body: JsonObject, context: ApiContext, preset?: SimulatedScript): ApiRequest | ApiProblem {
  const input = inputOf(body);
  if (isProblem(input)) return input;
  const { max_tokens: maxTokens, stop_sequences: stops } = body;
  if (maxTokens === undefined || maxTokens === null) return badRequest('max_tokens: Field required');
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens)) return badRequest('max_tokens: Input should be a valid integer');
  if (maxTokens < 1) return badRequest('max_tokens: Input should be greater than or equal to 1');
  const given = preset ?? scriptOf(body, input.messages);
  if (isProblem(given)) return given;
  const script = expectedAnswer(body, given);
  const output = plannedOutput(script, maxTokens, context);
  const kind = output.cut ? 'length' : (script.kind ?? 'answer');
  const stop: unknown = Array.isArray(stops) ? stops[0] : undefined;
  const cachedTokens = Math.min(script.cachedTokens ?? 0, input.tokens);
  const inputTokens = input.tokens - cachedTokens;
  const plan: MessagePlan = {
    context,
    model: input.model,
    toolName: firstToolName(body['tools']),
    kind,
    stopSequence: kind === 'stop_sequence' ? String(stop ?? '\n\nHuman:') : null,
    inputTokens,
    cachedTokens,
    output,
  };
  const { fault, headersMs } = script;
  const stream = body['stream'] === true;
  return {
    call: { model: input.model, inputTokens, maxOutputTokens: maxTokens, outputTokens: output.tokens, stream, fault, headersMs },
    answer: messagesAnswer(plan),
  };
}

/** Reads a body of `POST /v1/messages/count_tokens`. */
export function countTokens(body: JsonObject): ApiReply | ApiProblem {
  const input = inputOf(body);
  return isProblem(input) ? input : { reply: `{"input_tokens":${input.tokens}}` };
}
