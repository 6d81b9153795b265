import type { ChatRequest, ChatUsage, FinishReason, JsonObject, ToolCall } from '../../domain/chat.ts';
import { type ChatCodec, type ChatDelta, type ChatStreamReader, eventObject, notACompletion, type WireCompletion } from './chat-codec.ts';
import { countAt, isJsonObject, listAt, objectAt, textAt, withoutAbsent } from './json-fields.ts';
import { encodeOpenAiChat } from './openai-chat-request.ts';
import { ToolCallsInParts } from './tool-calls-in-parts.ts';

const FINISH: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
};

/** OpenAI's chat completions, and every server compatible with them. */
export const openAiChatCodec: ChatCodec = {
  format: 'openai-chat',
  encode: encodeOpenAiChat,
  decode,
  streamReader: () => new OpenAiStreamReader(),
};

function decode(json: unknown, _request: ChatRequest): WireCompletion {
  const [choice] = isJsonObject(json) ? listAt(json, 'choices') : [];
  const message = objectAt(choice, 'message');
  if (!isJsonObject(json) || message === undefined)
    throw notACompletion('The answer is no chat completion: it has no choice with a message.');
  const toolCalls = listAt(message, 'tool_calls').map(toolCallOf);
  const reason = textAt(choice, 'finish_reason');
  return {
    content: contentOf(message),
    toolCalls,
    finishReason: finishReason(reason),
    model: textAt(json, 'model'),
    usage: usageOf(json),
    metadata: metadataOf(json, reason, textAt(message, 'refusal')),
  };
}

function toolCallOf(call: JsonObject): ToolCall {
  const called = objectAt(call, 'function');
  return { id: textAt(call, 'id') ?? '', name: textAt(called, 'name') ?? '', arguments: textAt(called, 'arguments') ?? '' };
}

class OpenAiStreamReader implements ChatStreamReader {
  #text = '';
  #refusal = '';
  #reason: string | undefined;
  #usage: ChatUsage | undefined;
  #head: JsonObject = {};
  readonly #calls = new ToolCallsInParts();

  read(event: Parameters<ChatStreamReader['read']>[0]): readonly ChatDelta[] {
    const chunk = eventObject(event);
    if (chunk === undefined) return [];
    this.#usage = usageOf(chunk) ?? this.#usage;
    if (textAt(chunk, 'id') !== undefined) this.#head = chunk;
    // Only the first choice is a client's; Azure's first chunk has none at all.
    const choice = listAt(chunk, 'choices').find(({ index = 0 }) => index === 0);
    const delta = objectAt(choice, 'delta');
    this.#reason = textAt(choice, 'finish_reason') ?? this.#reason;
    this.#refusal += textAt(delta, 'refusal') ?? '';
    const deltas: ChatDelta[] = [];
    const text = textAt(delta, 'content');
    if (text) deltas.push({ type: 'text', text });
    this.#text += text ?? '';
    for (const call of listAt(delta, 'tool_calls')) {
      const called = objectAt(call, 'function');
      const part = { id: textAt(call, 'id'), name: textAt(called, 'name'), arguments: textAt(called, 'arguments') ?? '' };
      deltas.push(this.#calls.add(countAt(call, 'index') ?? 0, part));
    }
    return deltas;
  }

  completion(): WireCompletion {
    return {
      content: this.#text,
      toolCalls: this.#calls.all,
      finishReason: finishReason(this.#reason),
      model: textAt(this.#head, 'model'),
      usage: this.#usage,
      metadata: metadataOf(this.#head, this.#reason, this.#refusal === '' ? undefined : this.#refusal),
    };
  }
}

/** Some compatible servers answer in parts. */
function contentOf(message: JsonObject): string {
  return (
    textAt(message, 'content') ??
    listAt(message, 'content')
      .map((part) => textAt(part, 'text') ?? '')
      .join('')
  );
}

/** `prompt_tokens` includes what was cached, `completion_tokens` what was thought. */
function usageOf(json: JsonObject): ChatUsage | undefined {
  const usage = objectAt(json, 'usage');
  const promptTokens = countAt(usage, 'prompt_tokens');
  if (promptTokens === undefined) return undefined;
  const completionTokens = countAt(usage, 'completion_tokens') ?? 0;
  return {
    promptTokens,
    completionTokens,
    totalTokens: countAt(usage, 'total_tokens') ?? promptTokens + completionTokens,
    cachedPromptTokens: countAt(objectAt(usage, 'prompt_tokens_details'), 'cached_tokens'),
    reasoningTokens: countAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens'),
  };
}

function metadataOf(json: JsonObject, reason: string | undefined, refusal: string | undefined): Record<string, unknown> {
  return withoutAbsent({
    id: textAt(json, 'id'),
    finishReason: reason,
    refusal,
    serviceTier: textAt(json, 'service_tier'),
    systemFingerprint: textAt(json, 'system_fingerprint'),
  });
}

function finishReason(reason: string | undefined): FinishReason {
  return FINISH[reason ?? ''] ?? 'other';
}
