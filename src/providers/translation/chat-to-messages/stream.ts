import type { JsonObject } from '../../../domain/chat.ts';
import { finishReason, laterUsage } from '../../codecs/anthropic-messages.ts';
import { eventObject } from '../../codecs/chat-codec.ts';
import { countAt, objectAt, textAt } from '../../codecs/json-fields.ts';
import type { ServerSentEvent } from '../../provider.ts';
import type { StreamTranslator } from '../translation.ts';
import { completionHead, completionUsage, finishWord, refusalIn, refuseUnknown } from './answer.ts';

interface ChunkOptions {
  /** The tool whose input is the answer itself. */
  readonly answerTool: string | undefined;
  /** Whether the caller asked for a chunk with the usage. */
  readonly includeUsage: boolean;
  readonly createdMs: number;
}

/** A block that has begun and not ended. */
interface OpenBlock {
  /** Makes a delta of more of a tool's input. */
  readonly more: (json: string) => JsonObject;
  hasInput: boolean;
}

/** Anthropic's events as chunks of a chat completion. Holds the head, the usage and the open blocks, nothing of what is said. */
export class ChatCompletionChunks implements StreamTranslator {
  readonly #options: ChunkOptions;
  #head: JsonObject = {};
  #usage: JsonObject | undefined;
  #reason: string | undefined;
  #calls = 0;
  readonly #open = new Map<number, OpenBlock>();

  constructor(options: ChunkOptions) {
    this.#options = options;
  }

  read(event: ServerSentEvent): readonly ServerSentEvent[] {
    const data = eventObject(event);
    switch (data?.['type']) {
      case 'message_start':
        return this.#begun(objectAt(data, 'message') ?? {});
      case 'content_block_start':
        return this.#opened(countAt(data, 'index') ?? 0, objectAt(data, 'content_block') ?? {});
      case 'content_block_delta':
        return this.#grown(countAt(data, 'index') ?? 0, objectAt(data, 'delta'));
      case 'content_block_stop':
        return this.#closed(countAt(data, 'index') ?? 0);
      case 'message_delta':
        return this.#ended(objectAt(data, 'delta'), objectAt(data, 'usage'));
      case 'message_stop':
        return this.#finished();
      case 'error':
        return [errorEvent(objectAt(data, 'error'))];
      default:
        return [];
    }
  }

  fail(message: string): readonly ServerSentEvent[] {
    return [errorEvent({ type: 'server_error', message })];
  }

  #begun(message: JsonObject): readonly ServerSentEvent[] {
    this.#head = completionHead(message, this.#options.createdMs);
    this.#usage = objectAt(message, 'usage');
    return [this.#chunk({ role: 'assistant', content: '', refusal: null })];
  }

  #opened(index: number, block: JsonObject): readonly ServerSentEvent[] {
    refuseUnknown(block);
    if (block['type'] === 'text') return this.#said(textAt(block, 'text'));
    if (block['type'] !== 'tool_use') return [];
    const name = textAt(block, 'name');
    if (name !== undefined && name === this.#options.answerTool) {
      this.#open.set(index, { more: (json) => ({ content: json }), hasInput: false });
      return this.#withInput(index, block);
    }
    const call = this.#calls++;
    const more = (json: string) => ({ tool_calls: [{ index: call, function: { arguments: json } }] });
    this.#open.set(index, { more, hasInput: false });
    const begun = { index: call, id: textAt(block, 'id') ?? '', type: 'function', function: { name: name ?? '', arguments: '' } };
    return [this.#chunk({ tool_calls: [begun] }), ...this.#withInput(index, block)];
  }

  /** Anthropic begins with an empty input; some servers that speak like it give all of it at once. */
  #withInput(index: number, block: JsonObject): readonly ServerSentEvent[] {
    const input = objectAt(block, 'input') ?? {};
    return Object.keys(input).length === 0 ? [] : this.#input(index, JSON.stringify(input));
  }

  #grown(index: number, delta: JsonObject | undefined): readonly ServerSentEvent[] {
    if (delta?.['type'] === 'text_delta') return this.#said(textAt(delta, 'text'));
    return delta?.['type'] === 'input_json_delta' ? this.#input(index, textAt(delta, 'partial_json')) : [];
  }

  /** A call without arguments has an input without deltas, where OpenAI's callers parse JSON. */
  #closed(index: number): readonly ServerSentEvent[] {
    const last = this.#open.get(index)?.hasInput === false ? this.#input(index, '{}') : [];
    this.#open.delete(index);
    return last;
  }

  #ended(delta: JsonObject | undefined, usage: JsonObject | undefined): readonly ServerSentEvent[] {
    this.#reason = textAt(delta, 'stop_reason') ?? this.#reason;
    this.#usage = laterUsage(this.#usage, usage);
    const refusal = refusalIn(delta);
    return refusal === null ? [] : [this.#chunk({ refusal })];
  }

  #finished(): readonly ServerSentEvent[] {
    const { answerTool, includeUsage } = this.#options;
    const reason = finishReason(this.#reason, this.#calls === 0 && answerTool !== undefined);
    const usage = includeUsage ? completionUsage(this.#usage) : undefined;
    return [this.#chunk({}, finishWord(reason)), ...(usage === undefined ? [] : [this.#event([], usage)]), { data: '[DONE]' }];
  }

  #said(text: string | undefined): readonly ServerSentEvent[] {
    return text ? [this.#chunk({ content: text })] : [];
  }

  #input(index: number, json: string | undefined): readonly ServerSentEvent[] {
    const block = this.#open.get(index);
    if (block === undefined || !json) return [];
    block.hasInput = true;
    return [this.#chunk(block.more(json))];
  }

  #chunk(delta: JsonObject, finish: string | null = null): ServerSentEvent {
    return this.#event([{ index: 0, delta, logprobs: null, finish_reason: finish }], null);
  }

  #event(choices: readonly JsonObject[], usage: JsonObject | null): ServerSentEvent {
    const counted = this.#options.includeUsage ? { usage } : {};
    return { data: JSON.stringify({ ...this.#head, object: 'chat.completion.chunk', choices, ...counted }) };
  }
}

/** OpenAI's clients throw it; nothing comes after it. */
function errorEvent(error: JsonObject | undefined): ServerSentEvent {
  const word = textAt(error, 'type') ?? 'api_error';
  const message = textAt(error, 'message') ?? 'The provider reported an error without a message.';
  return { data: JSON.stringify({ error: { message, type: word, param: null, code: word } }) };
}
