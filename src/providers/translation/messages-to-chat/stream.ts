import type { JsonObject } from '../../../domain/chat.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { countAt, isJsonObject, listAt, objectAt, textAt } from '../../codecs/json-fields.ts';
import { embeddedStatus } from '../../embedded-status.ts';
import { type ErrorFields, errorFields } from '../../error-fields.ts';
import type { ServerSentEvent } from '../../provider.ts';
import { parsedObject } from '../../streams/json-glance.ts';
import { anthropicErrorType } from '../anthropic-error-type.ts';
import { calledFunctions } from '../called-functions.ts';
import type { StreamTranslator } from '../translation.ts';
import { messageId, messageObject, stopOf, stopSequenceIn, usageOf } from './answer.ts';
import { anthropicEvent, BlocksInTurn } from './blocks-in-turn.ts';

/** The chunks of a chat completion as events of a message. The usage comes last there, so that `message_delta` waits for `[DONE]`. */
export class AnthropicEvents implements StreamTranslator {
  readonly #stops: readonly string[] | undefined;
  #blocks: BlocksInTurn | undefined;
  #finishReason: string | undefined;
  #stopSequence: string | undefined;
  #hasRefused = false;
  #usage: JsonObject = usageOf({});
  #isOver = false;

  /** @param stops the stop sequences of the call */
  constructor(stops: readonly string[] | undefined) {
    this.#stops = stops;
  }

  read(event: ServerSentEvent): readonly ServerSentEvent[] {
    if (this.#isOver) return [];
    if (event.data.startsWith('[DONE]')) return this.#ended();
    const chunk = parsedObject(event.data);
    const error = errorIn(event, chunk);
    if (error !== undefined) return this.#failed(error);
    return chunk === undefined ? [] : this.#grown(chunk);
  }

  fail(message: string): readonly ServerSentEvent[] {
    this.#isOver = true;
    return [errorEvent('api_error', message)];
  }

  #grown(chunk: JsonObject): readonly ServerSentEvent[] {
    if (isJsonObject(chunk['usage']) || isJsonObject(chunk['x_groq'])) this.#usage = usageOf(chunk);
    // One choice was asked for; Azure's first chunk has none at all.
    const choice = listAt(chunk, 'choices').find(({ index = 0 }) => index === 0);
    if (choice === undefined) return [];
    const started = this.#started(chunk);
    const { blocks, events } = started;
    this.#finishReason = textAt(choice, 'finish_reason') ?? this.#finishReason;
    this.#stopSequence = stopSequenceIn(choice, this.#stops) ?? this.#stopSequence;
    const delta = objectAt(choice, 'delta');
    const refusal = textAt(delta, 'refusal') ?? '';
    this.#hasRefused ||= refusal !== '';
    const said = blocks.addText(textIn(delta) + refusal);
    const called = calledFunctions(delta).flatMap((call) => {
      const fn = objectAt(call, 'function');
      const part = { id: textAt(call, 'id'), name: textAt(fn, 'name'), arguments: textAt(fn, 'arguments') ?? '' };
      return blocks.addCall(countAt(call, 'index') ?? 0, part);
    });
    return [...events, ...said, ...called];
  }

  #started(chunk: JsonObject): { readonly blocks: BlocksInTurn; readonly events: readonly ServerSentEvent[] } {
    if (this.#blocks) return { blocks: this.#blocks, events: [] };
    const id = messageId(chunk);
    this.#blocks = new BlocksInTurn(id);
    const fields = { id, model: textAt(chunk, 'model') ?? '', content: [], stop_reason: null, stop_sequence: null, stop_details: null };
    const message = messageObject({ ...fields, usage: this.#usage });
    return { blocks: this.#blocks, events: [anthropicEvent('message_start', { message })] };
  }

  #ended(): readonly ServerSentEvent[] {
    this.#isOver = true;
    const { blocks, events } = this.#started({});
    const stop = stopOf({
      finishReason: this.#finishReason,
      hasCalls: blocks.hasCalls,
      hasRefused: this.#hasRefused,
      stopSequence: this.#stopSequence,
    });
    const last = anthropicEvent('message_delta', { delta: { ...stop, container: null }, usage: this.#usage });
    return [...events, ...blocks.end(), last, anthropicEvent('message_stop', {})];
  }

  /** Nothing follows an error, not even the end of a block. */
  #failed(error: ErrorFields): readonly ServerSentEvent[] {
    this.#isOver = true;
    return [errorEvent(anthropicErrorType(embeddedStatus(error, false)), error.message)];
  }
}

function errorEvent(type: string, message: string): ServerSentEvent {
  return anthropicEvent('error', { error: { type, message } });
}

function errorIn({ event, data }: ServerSentEvent, chunk: JsonObject | undefined): ErrorFields | undefined {
  const told = errorFields(chunk);
  if (told !== undefined) return told;
  if (event === 'error') return errorFields({ error: chunk ?? { message: oneLine(data) } });
  // OpenRouter marks the choice as well.
  return listAt(chunk, 'choices').some((choice) => choice['finish_reason'] === 'error') ? errorFields({ error: {} }) : undefined;
}

/** Some compatible servers speak in parts, thoughts among them. */
function textIn(delta: JsonObject | undefined): string {
  const parts = listAt(delta, 'content').map((part) => textAt(part, 'text') ?? '');
  return textAt(delta, 'content') ?? parts.join('');
}
