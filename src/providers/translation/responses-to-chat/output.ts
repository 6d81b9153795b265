import type { JsonObject } from '../../../domain/chat.ts';
import { textAt } from '../../codecs/json-fields.ts';
import { JsonObjectWatch } from '../json-object-watch.ts';
import { argumentsOf, callItem, messageItem, type ResponseHead, refusalPart, textPart } from './answer.ts';

type Emit = (type: string, fields: JsonObject) => void;

/** One item of the output as it grows; its whole text is kept, since the events that end it repeat it. */
interface OpenItem {
  readonly index: number;
  close(status: string): JsonObject;
}

const PARTS = {
  output_text: { done: 'text', part: textPart, more: { logprobs: [] } },
  refusal: { done: 'refusal', part: refusalPart, more: {} },
} as const;

type PartKind = keyof typeof PARTS;

class OpenMessage implements OpenItem {
  readonly index: number;
  readonly #head: ResponseHead;
  readonly #emit: Emit;
  readonly #parts: JsonObject[] = [];
  #open: { readonly kind: PartKind; text: string } | undefined;

  constructor(head: ResponseHead, index: number, emit: Emit) {
    this.index = index;
    this.#head = head;
    this.#emit = emit;
    emit('response.output_item.added', { output_index: index, item: this.#item('in_progress') });
  }

  add(kind: PartKind, delta: string): void {
    if (this.#open?.kind !== kind) this.#closePart();
    if (this.#open === undefined) {
      this.#open = { kind, text: '' };
      this.#emit('response.content_part.added', { ...this.#place(), part: PARTS[kind].part('') });
    }
    this.#open.text += delta;
    if (delta !== '') this.#emit(`response.${kind}.delta`, { ...this.#place(), delta, ...PARTS[kind].more });
  }

  close(status: string): JsonObject {
    this.#closePart();
    const item = this.#item(status);
    this.#emit('response.output_item.done', { output_index: this.index, item });
    return item;
  }

  #closePart(): void {
    if (this.#open === undefined) return;
    const { kind, text } = this.#open;
    const { done, part, more } = PARTS[kind];
    this.#emit(`response.${kind}.done`, { ...this.#place(), [done]: text, ...more });
    this.#emit('response.content_part.done', { ...this.#place(), part: part(text) });
    this.#parts.push(part(text));
    this.#open = undefined;
  }

  #place(): JsonObject {
    return { item_id: this.#item('')['id'], output_index: this.index, content_index: this.#parts.length };
  }

  #item(status: string): JsonObject {
    return messageItem(this.#head, this.index, status, this.#parts);
  }
}

class OpenCall implements OpenItem {
  readonly index: number;
  readonly id: string;
  readonly #head: ResponseHead;
  readonly #emit: Emit;
  readonly #name: string;
  readonly #watch = new JsonObjectWatch();
  #arguments = '';

  constructor(head: ResponseHead, index: number, emit: Emit, { id, name }: { readonly id: string; readonly name: string }) {
    this.index = index;
    this.id = id;
    this.#head = head;
    this.#emit = emit;
    this.#name = name;
    emit('response.output_item.added', { output_index: index, item: this.#item('in_progress') });
  }

  /** Nothing can come behind arguments that are a JSON object. */
  get isWhole(): boolean {
    return this.#watch.isComplete;
  }

  add(delta: string): void {
    this.#arguments += delta;
    this.#watch.read(delta);
    if (delta !== '') this.#emit('response.function_call_arguments.delta', { ...this.#place(), delta });
  }

  close(status: string): JsonObject {
    if (this.#arguments === '') this.add(argumentsOf('', status));
    const item = this.#item(status);
    this.#emit('response.function_call_arguments.done', { ...this.#place(), name: this.#name, arguments: this.#arguments });
    this.#emit('response.output_item.done', { output_index: this.index, item });
    return item;
  }

  #place(): JsonObject {
    return { item_id: this.#item('')['id'], output_index: this.index };
  }

  #item(status: string): JsonObject {
    return callItem(this.#head, this.index, status, { id: this.id, name: this.#name, arguments: this.#arguments });
  }
}

/** A new id tells a new call; from servers that give none, a name with arguments behind arguments that are complete. */
function isAnother(known: OpenCall, id: string, name: string, json: string): boolean {
  return id !== '' ? known.id !== id : name !== '' && json.trim() !== '' && known.isWhole;
}

/** The output items of a stream. One ends where the next begins, but for calls that servers send in turns. */
export class OpenOutput {
  readonly #head: ResponseHead;
  readonly #emit: Emit;
  readonly #done: JsonObject[] = [];
  #message: OpenMessage | undefined;
  /** By the wire's own index. */
  readonly #calls = new Map<unknown, OpenCall>();
  /** Those of them that have not ended, in their order. */
  readonly #open = new Set<OpenCall>();
  #items = 0;

  constructor(head: ResponseHead, emit: Emit) {
    this.#head = head;
    this.#emit = emit;
  }

  say(kind: PartKind, delta: string): void {
    if (this.#message === undefined) {
      this.#closeWhole();
      this.#message = new OpenMessage(this.#head, this.#items++, this.#emit);
    }
    this.#message.add(kind, delta);
  }

  /** One more piece of a call. Some servers give all calls the same index. */
  call(piece: JsonObject, called: JsonObject): void {
    const place = piece['index'] ?? 0;
    const [id, name, json] = [textAt(piece, 'id') ?? '', textAt(called, 'name') ?? '', textAt(called, 'arguments') ?? ''];
    const known = this.#calls.get(place);
    const call = known === undefined || isAnother(known, id, name, json) ? this.#openCall(place, id, name) : known;
    if (this.#done[call.index] === undefined) call.add(json);
  }

  /** Ends everything; the output in its order. */
  close(status: string): readonly JsonObject[] {
    if (this.#items === 0) this.say('output_text', '');
    const open: OpenItem[] = [...this.#open, ...(this.#message ? [this.#message] : [])];
    // Only what came last was cut off.
    for (const item of open.sort((a, b) => a.index - b.index)) this.#close(item, item.index === this.#items - 1 ? status : 'completed');
    return this.#done;
  }

  #openCall(place: unknown, id: string, name: string): OpenCall {
    const before = this.#calls.get(place);
    if (before) this.#close(before, 'completed');
    this.#closeWhole();
    const call = new OpenCall(this.#head, this.#items++, this.#emit, { id, name });
    this.#calls.set(place, call);
    this.#open.add(call);
    return call;
  }

  #closeWhole(): void {
    if (this.#message) this.#close(this.#message, 'completed');
    this.#message = undefined;
    for (const call of this.#open) {
      // Those behind it end after it.
      if (!call.isWhole) break;
      this.#close(call, 'completed');
    }
  }

  #close(item: OpenItem, status: string): void {
    this.#done[item.index] ??= item.close(status);
    if (item instanceof OpenCall) this.#open.delete(item);
  }
}
