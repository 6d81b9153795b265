import type { ChatRequest, JsonObject } from '../../../domain/chat.ts';
import { toolInput } from '../../codecs/anthropic-blocks.ts';
import { countAt, isJsonObject, listAt, objectAt, textAt } from '../../codecs/json-fields.ts';
import { openAiChatCodec } from '../../codecs/openai-chat.ts';
import { calledFunctions } from '../called-functions.ts';

const STOP_REASONS: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
};

/** What the end of an answer told. */
interface AnswerEnd {
  readonly finishReason: string | undefined;
  readonly hasCalls: boolean;
  /** The model refused in words. */
  readonly hasRefused: boolean;
  /** The stop sequence that ended it, where the server tells. */
  readonly stopSequence: string | undefined;
}

/**
 * A whole chat completion as a message. Thoughts that some servers send along are left out: nobody has asked for them. Throws a
 * `ProviderFailure` for something that is no completion.
 */
export function anthropicMessage(json: unknown, request: ChatRequest): JsonObject {
  const { content, toolCalls, model, metadata } = openAiChatCodec.decode(json, request);
  const completion = isJsonObject(json) ? json : {};
  const [choice] = listAt(completion, 'choices');
  calledFunctions(objectAt(choice, 'message'));
  const refusal = textAt(metadata, 'refusal') ?? '';
  const text = content + refusal;
  const id = messageId(completion);
  const calls = toolCalls.map((call, index) => ({
    ...toolUse(call.id || callId(id, index), call.name),
    input: toolInput(call.arguments),
  }));
  const end = {
    finishReason: textAt(choice, 'finish_reason'),
    hasCalls: calls.length > 0,
    hasRefused: refusal !== '',
    stopSequence: stopSequenceIn(choice, request.stop),
  };
  return messageObject({
    id,
    model: model ?? request.model ?? '',
    content: [...(text === '' ? [] : [{ ...EMPTY_TEXT, text }]), ...calls],
    ...stopOf(end),
    usage: usageOf(completion),
  });
}

/** A message object. */
export function messageObject(fields: JsonObject): JsonObject {
  return { type: 'message', role: 'assistant', container: null, ...fields };
}

/** Without `citations`: they are told only where there are some, and the AI SDK 6 takes no null for them. */
export const EMPTY_TEXT = { type: 'text', text: '' };

/** The block of a call, before its input. */
export function toolUse(id: string, name: string): JsonObject {
  return { type: 'tool_use', id, name, input: {}, caller: { type: 'direct' } };
}

export function messageId(json: JsonObject): string {
  return textAt(json, 'id') || 'msg_unnamed';
}

/** The id of a call to which the server gave none, in characters that Anthropic takes, and no longer than OpenAI does (40). */
export function callId(message: string, index: number): string {
  return `toolu_${message.slice(-24).replace(/[^\w-]/g, '_')}_${index}`;
}

/** Why it stopped, in Anthropic's words. A call that had to be made ends with `stop`, as does a refusal in words. */
export function stopOf({ finishReason, hasCalls, hasRefused, stopSequence }: AnswerEnd): JsonObject {
  const said = STOP_REASONS[finishReason ?? ''] ?? 'end_turn';
  const ended = stopSequence === undefined ? 'end_turn' : 'stop_sequence';
  const reason = said !== 'end_turn' ? said : hasRefused ? 'refusal' : hasCalls ? 'tool_use' : ended;
  return {
    stop_reason: reason,
    stop_sequence: reason === 'stop_sequence' ? stopSequence : null,
    stop_details: reason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null,
  };
}

/** vLLM has the sequence in a field of the choice. */
export function stopSequenceIn(choice: JsonObject | undefined, stops: readonly string[] | undefined): string | undefined {
  const reason = textAt(choice, 'stop_reason');
  return reason !== undefined && stops?.includes(reason) ? reason : undefined;
}

/** OpenAI counts what was read from or written to the cache among the prompt's tokens; Anthropic counts each apart. */
export function usageOf(json: JsonObject): JsonObject {
  const usage = objectAt(json, 'usage') ?? objectAt(objectAt(json, 'x_groq'), 'usage');
  const details = objectAt(usage, 'prompt_tokens_details');
  const read = countAt(details, 'cached_tokens') ?? 0;
  const written = countAt(details, 'cache_write_tokens') ?? 0;
  const thought = countAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens');
  return {
    input_tokens: Math.max(0, (countAt(usage, 'prompt_tokens') ?? 0) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: countAt(usage, 'completion_tokens') ?? 0,
    output_tokens_details: thought === undefined ? null : { thinking_tokens: thought },
    cache_creation: null,
    server_tool_use: null,
    service_tier: null,
    inference_geo: null,
    speed: null,
  };
}
