import type { ChatRequest, ChatUsage, FinishReason, JsonObject, ToolCall } from '../../domain/chat.ts';
import { encodeAnthropicMessages } from './anthropic-messages-request.ts';
import { type ChatCodec, type ChatDelta, type ChatStreamReader, eventObject, notACompletion, type WireCompletion } from './chat-codec.ts';
import { countAt, isJsonObject, listAt, objectAt, textAt, withoutAbsent } from './json-fields.ts';
import { ToolCallsInParts } from './tool-calls-in-parts.ts';

const FINISH: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** Anthropic's messages. */
export const anthropicMessagesCodec: ChatCodec = {
  format: 'anthropic-messages',
  encode: encodeAnthropicMessages,
  decode,
  streamReader: (request) => new AnthropicStreamReader(request.answerSchema?.name),
};

function decode(json: unknown, request: ChatRequest): WireCompletion {
  if (!isJsonObject(json) || !Array.isArray(json['content'])) throw notACompletion('The answer is no message: it has no content.');
  const answerTool = request.answerSchema?.name;
  let content = '';
  const toolCalls: ToolCall[] = [];
  for (const block of listAt(json, 'content')) {
    if (block['type'] === 'text') content += textAt(block, 'text') ?? '';
    if (block['type'] !== 'tool_use') continue;
    const call = { id: textAt(block, 'id') ?? '', name: textAt(block, 'name') ?? '', arguments: JSON.stringify(block['input'] ?? {}) };
    if (call.name === answerTool) content += call.arguments;
    else toolCalls.push(call);
  }
  const reason = textAt(json, 'stop_reason');
  const finish = finishReason(reason, toolCalls.length === 0 && answerTool !== undefined);
  return {
    content,
    toolCalls,
    finishReason: finish,
    model: textAt(json, 'model'),
    usage: usageOf(objectAt(json, 'usage')),
    metadata: metadataOf(json, reason),
  };
}

class AnthropicStreamReader implements ChatStreamReader {
  readonly #answerTool: string | undefined;
  #text = '';
  #reason: string | undefined;
  #message: JsonObject = {};
  #usage: JsonObject | undefined;
  /** Content blocks by what they hold; a block of the tool that holds the answer is text. */
  readonly #kinds = new Map<number, 'text' | 'tool'>();
  readonly #calls = new ToolCallsInParts();

  constructor(answerTool: string | undefined) {
    this.#answerTool = answerTool;
  }

  read(event: Parameters<ChatStreamReader['read']>[0]): readonly ChatDelta[] {
    const data = eventObject(event);
    switch (data?.['type']) {
      case 'message_start':
        this.#message = objectAt(data, 'message') ?? {};
        this.#usage = objectAt(this.#message, 'usage');
        return [];
      case 'content_block_start':
        return this.#started(countAt(data, 'index') ?? 0, objectAt(data, 'content_block'));
      case 'content_block_delta':
        return this.#grown(countAt(data, 'index') ?? 0, objectAt(data, 'delta'));
      case 'message_delta':
        this.#reason = textAt(objectAt(data, 'delta'), 'stop_reason') ?? this.#reason;
        this.#usage = laterUsage(this.#usage, objectAt(data, 'usage'));
        return [];
      default:
        return [];
    }
  }

  completion(): WireCompletion {
    const toolCalls = this.#calls.all;
    return {
      content: this.#text,
      toolCalls,
      finishReason: finishReason(this.#reason, toolCalls.length === 0 && this.#answerTool !== undefined),
      model: textAt(this.#message, 'model'),
      usage: usageOf(this.#usage),
      metadata: metadataOf(this.#message, this.#reason),
    };
  }

  #started(index: number, block: JsonObject | undefined): readonly ChatDelta[] {
    if (block?.['type'] === 'text') {
      this.#kinds.set(index, 'text');
      return this.#added(textAt(block, 'text'));
    }
    if (block?.['type'] !== 'tool_use') return [];
    const name = textAt(block, 'name');
    this.#kinds.set(index, name === this.#answerTool ? 'text' : 'tool');
    return name === this.#answerTool ? [] : [this.#calls.add(index, { id: textAt(block, 'id'), name, arguments: '' })];
  }

  #grown(index: number, delta: JsonObject | undefined): readonly ChatDelta[] {
    if (delta?.['type'] === 'text_delta') return this.#added(textAt(delta, 'text'));
    if (delta?.['type'] !== 'input_json_delta') return [];
    const json = textAt(delta, 'partial_json') ?? '';
    return this.#kinds.get(index) === 'text' ? this.#added(json) : [this.#calls.add(index, { arguments: json })];
  }

  #added(text: string | undefined): readonly ChatDelta[] {
    if (!text) return [];
    this.#text += text;
    return [{ type: 'text', text }];
  }
}

/** Usage is cumulative: what a later report names replaces what an earlier one said; null names nothing. */
export function laterUsage(before: JsonObject | undefined, after: JsonObject | undefined): JsonObject {
  return { ...before, ...Object.fromEntries(Object.entries(after ?? {}).filter(([, value]) => value !== null)) };
}

/** `input_tokens` excludes what was read from or written to the cache. */
export function usageOf(usage: JsonObject | undefined): ChatUsage | undefined {
  const input = countAt(usage, 'input_tokens');
  if (input === undefined) return undefined;
  const cached = countAt(usage, 'cache_read_input_tokens');
  const promptTokens = input + (cached ?? 0) + (countAt(usage, 'cache_creation_input_tokens') ?? 0);
  const completionTokens = countAt(usage, 'output_tokens') ?? 0;
  return {
    promptTokens,
    completionTokens,
    totalTokens: promptTokens + completionTokens,
    cachedPromptTokens: cached,
    reasoningTokens: countAt(objectAt(usage, 'output_tokens_details'), 'thinking_tokens'),
  };
}

function metadataOf(message: JsonObject, reason: string | undefined): Record<string, unknown> {
  return withoutAbsent({ id: textAt(message, 'id'), stopReason: reason, stopSequence: textAt(message, 'stop_sequence') });
}

/** @param answered the tool that was called holds the answer itself */
export function finishReason(reason: string | undefined, answered: boolean): FinishReason {
  if (reason === 'tool_use' && answered) return 'stop';
  return FINISH[reason ?? ''] ?? 'other';
}
