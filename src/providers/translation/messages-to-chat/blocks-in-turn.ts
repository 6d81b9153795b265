import type { JsonObject } from '../../../domain/chat.ts';
import type { ServerSentEvent } from '../../provider.ts';
import { JsonObjectWatch } from '../json-object-watch.ts';
import { callId, EMPTY_TEXT, toolUse } from './answer.ts';

/** An event of Anthropic's streams. */
export function anthropicEvent(type: string, fields: JsonObject): ServerSentEvent {
  return { event: type, data: JSON.stringify({ type, ...fields }) };
}

/** More of a call, as it comes. */
interface CallPart {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly arguments: string;
}

interface Block {
  readonly index: number;
  /** As its start tells. */
  readonly start: JsonObject;
  /** Of a call: whether its arguments are complete. */
  readonly watch: JsonObjectWatch | undefined;
  readonly id: string | undefined;
  /** What came while another block was open. */
  held: string[];
  isClosed: boolean;
}

/**
 * The blocks of a streamed message, one after the other: Anthropic's clients take a block's end for its completion, whereas a chat
 * completion's calls may come mixed. A block passes through as it comes; a later one is held only as long as the arguments of
 * the call before it are incomplete, which no usual server lets happen.
 */
export class BlocksInTurn {
  readonly #message: string;
  /** The open one, then those that wait for it. */
  readonly #blocks: Block[] = [];
  readonly #calls = new Map<number, Block>();
  #begun = 0;

  /** @param message its id, for calls that have none */
  constructor(message: string) {
    this.#message = message;
  }

  get hasCalls(): boolean {
    return this.#calls.size > 0;
  }

  addText(text: string): readonly ServerSentEvent[] {
    if (text === '') return [];
    const last = this.#blocks.at(-1);
    const isText = last !== undefined && last.watch === undefined;
    const begun = isText ? [] : this.#begin({ start: EMPTY_TEXT });
    return [...begun, ...this.#grow(this.#blocks.at(-1), text)];
  }

  /** @param place the wire's own index; some servers give every call the same */
  addCall(place: number, part: CallPart): readonly ServerSentEvent[] {
    const { id, name, arguments: text } = part;
    const known = this.#calls.get(place);
    if (known !== undefined && !isAnother(part, known)) return this.#grow(known, text);
    const start = toolUse(id || callId(this.#message, this.#begun), name ?? '');
    const begun = this.#begin({ start, watch: new JsonObjectWatch(), id });
    const block = this.#blocks.at(-1);
    if (block) this.#calls.set(place, block);
    return [...begun, ...this.#grow(block, text)];
  }

  /** Nothing comes any more. */
  end(): readonly ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    while (this.#blocks.length > 0) events.push(...this.#close());
    return events;
  }

  #begin(fields: { readonly start: JsonObject; readonly watch?: JsonObjectWatch; readonly id?: string | undefined }): ServerSentEvent[] {
    const block = { index: this.#begun, watch: undefined, id: undefined, held: [], isClosed: false, ...fields };
    this.#begun += 1;
    this.#blocks.push(block);
    return this.#blocks.length === 1 ? opening(block) : this.#advance();
  }

  #grow(block: Block | undefined, text: string): ServerSentEvent[] {
    // Behind complete arguments comes nothing but white space.
    if (block === undefined || block.isClosed || text === '') return [];
    block.watch?.read(text);
    if (block !== this.#blocks[0]) block.held.push(text);
    else return [delta(block, text), ...this.#advance()];
    return [];
  }

  /** Closes what is complete and has something behind it. */
  #advance(): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    while (this.#blocks.length > 1 && this.#blocks[0]?.watch?.isComplete !== false) events.push(...this.#close());
    return events;
  }

  #close(): ServerSentEvent[] {
    const block = this.#blocks.shift();
    if (block === undefined) return [];
    block.isClosed = true;
    const next = this.#blocks[0];
    return [anthropicEvent('content_block_stop', { index: block.index }), ...(next ? opening(next) : [])];
  }
}

/** A new id tells a new call; from servers that give none, a name with arguments behind arguments that are complete. */
function isAnother({ id, name, arguments: text }: CallPart, known: Block): boolean {
  if (!name) return false;
  return id ? id !== known.id : known.watch?.isComplete === true && text.trim() !== '';
}

function opening(block: Block): ServerSentEvent[] {
  const held = block.held.map((text) => delta(block, text));
  block.held = [];
  return [anthropicEvent('content_block_start', { index: block.index, content_block: block.start }), ...held];
}

function delta({ index, watch }: Block, text: string): ServerSentEvent {
  const grown = watch ? { type: 'input_json_delta', partial_json: text } : { type: 'text_delta', text };
  return anthropicEvent('content_block_delta', { index, delta: grown });
}
