import type { JsonObject } from '../../../domain/chat.ts';
import { listAt, objectAt, textAt } from '../../codecs/json-fields.ts';
import type { ServerSentEvent } from '../../provider.ts';
import { parsedObject } from '../../streams/json-glance.ts';
import { calledFunctions } from '../called-functions.ts';
import type { StreamTranslator } from '../translation.ts';
import { type Asked, endingOf, finishedResponse, headOf, type ResponseHead, responseObject } from './answer.ts';
import { OpenOutput } from './output.ts';

/** What has begun, and its output. */
interface Begun {
  readonly head: ResponseHead;
  readonly output: OpenOutput;
}

/** Makes the chunks of a chat completion the events of a response, from `response.created` to `response.completed`. */
export class ResponseStreamTranslator implements StreamTranslator {
  readonly #asked: Asked;
  #events: ServerSentEvent[] = [];
  #sequence = 0;
  #begun: Begun | undefined;
  #finishReason: string | undefined;
  #usage: unknown;
  #isOver = false;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  read({ event, data }: ServerSentEvent): readonly ServerSentEvent[] {
    if (this.#isOver) return [];
    this.#events = [];
    if (data.startsWith('[DONE]')) this.#end();
    else this.#readChunk(event, parsedObject(data));
    return this.#events;
  }

  fail(message: string): readonly ServerSentEvent[] {
    this.#events = [];
    this.#fail({ error: { message } });
    return this.#events;
  }

  #readChunk(event: string | undefined, chunk: JsonObject | undefined): void {
    if (event === 'error' || chunk?.['error']) return this.#fail(chunk ?? {});
    if (chunk === undefined) return;
    this.#usage = chunk['usage'] ?? this.#usage;
    const choice = listAt(chunk, 'choices').find(({ index = 0 }) => index === 0);
    // Azure's first chunk has no choice, and no id either.
    if (choice === undefined) return;
    const { output } = this.#begin(chunk);
    const delta = objectAt(choice, 'delta');
    const text = textIn(delta);
    const refusal = textAt(delta, 'refusal');
    if (text) output.say('output_text', text);
    if (refusal) output.say('refusal', refusal);
    for (const piece of calledFunctions(delta)) output.call(piece, objectAt(piece, 'function') ?? {});
    this.#finishReason = textAt(choice, 'finish_reason') ?? this.#finishReason;
    if (this.#finishReason === 'error') this.#fail({});
  }

  #begin(chunk: JsonObject): Begun {
    if (this.#begun) return this.#begun;
    const head = headOf(this.#asked, chunk);
    const response = responseObject(this.#asked, head, { status: 'in_progress' });
    this.#emit('response.created', { response });
    this.#emit('response.in_progress', { response });
    this.#begun = { head, output: new OpenOutput(head, (type, fields) => this.#emit(type, fields)) };
    return this.#begun;
  }

  /** Only here: usage comes in a chunk after the last one of content. */
  #end(): void {
    const { head, output } = this.#begin({});
    const ending = endingOf(this.#finishReason);
    const response = finishedResponse(this.#asked, head, ending, output.close(ending.status), this.#usage);
    this.#emit(`response.${ending.status}`, { response });
    this.#isOver = true;
  }

  /** Both, as OpenAI's own streams: some clients look at the one, some at the other. */
  #fail(chunk: JsonObject): void {
    const { head } = this.#begin(chunk);
    const error = objectAt(chunk, 'error') ?? chunk;
    const code = textAt(error, 'code') ?? textAt(error, 'type') ?? 'server_error';
    const message = textAt(error, 'message') ?? textAt(chunk, 'error') ?? 'The provider reported an error in its stream.';
    this.#emit('error', { code, message, param: textAt(error, 'param') ?? null });
    this.#emit('response.failed', { response: responseObject(this.#asked, head, { status: 'failed', error: { code, message } }) });
    this.#isOver = true;
  }

  #emit(type: string, fields: JsonObject): void {
    this.#events.push({ event: type, data: JSON.stringify({ type, sequence_number: this.#sequence++, ...fields }) });
  }
}

/** Some compatible servers send parts, those in which the model thinks among them. */
function textIn(delta: JsonObject | undefined): string {
  const parts = listAt(delta, 'content').map((part) => textAt(part, 'text') ?? '');
  return textAt(delta, 'content') ?? parts.join('');
}
