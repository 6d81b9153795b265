import { textOf } from '../../domain/errors.ts';
import type { ServerSentEvent, StreamPart } from '../provider.ts';
import type { StreamTranslator } from './translation.ts';

/**
 * A stream's parts in the caller's format: each holds what the events that came with it have become, maybe nothing. What
 * can't be said there ends the call, as half an answer would pass for a whole one: the reader gets the caller's own form of an
 * error, and then the failure.
 */
export class TranslatedParts implements AsyncIterableIterator<StreamPart, undefined> {
  readonly #parts: AsyncIterator<StreamPart>;
  readonly #translator: StreamTranslator;
  readonly #failureOf: (error: unknown, isMidStream: boolean) => Error;
  #first: StreamPart | undefined;
  #isMidStream = false;
  #failure: Error | undefined;
  #isOver = false;

  /** @param failureOf what is thrown for an error of the translator's, once parts were handed out or before */
  constructor(parts: AsyncIterable<StreamPart>, translator: StreamTranslator, failureOf: (error: unknown, isMidStream: boolean) => Error) {
    this.#parts = parts[Symbol.asyncIterator]();
    this.#translator = translator;
    this.#failureOf = failureOf;
  }

  /** Why the stream ended here, where the translation couldn't go on. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Translates the first part ahead, and throws where that can't be said: nothing was handed out yet, so that another deployment may. */
  async begin(): Promise<void> {
    const step = await this.next();
    if (this.#failure !== undefined) throw this.#failure;
    this.#first = step.value;
    this.#isMidStream = true;
  }

  async next(): Promise<IteratorResult<StreamPart, undefined>> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) return { done: false, value: first };
    if (this.#failure !== undefined) return this.#end();
    const step = await this.#parts.next();
    if (step.done) return { done: true, value: undefined };
    const events = await this.#translated(step.value.events);
    return { done: false, value: { raw: Buffer.from(events.map(written).join('')), events } };
  }

  async return(): Promise<IteratorResult<StreamPart, undefined>> {
    this.#isOver = true;
    await this.#parts.return?.();
    return { done: true, value: undefined };
  }

  async #translated(given: readonly ServerSentEvent[]): Promise<readonly ServerSentEvent[]> {
    const events: ServerSentEvent[] = [];
    try {
      // One by one: there may be more than a call takes arguments.
      for (const event of given) for (const made of this.#translator.read(event)) events.push(made);
      return events;
    } catch (error) {
      const failure = this.#failureOf(error, this.#isMidStream);
      this.#failure = failure;
      await this.#parts.return?.();
      return [...events, ...this.#translator.fail(textOf(failure))];
    }
  }

  /** The failure is thrown once; whoever asks again gets the end. */
  #end(): IteratorResult<StreamPart, undefined> {
    if (this.#isOver || this.#failure === undefined) return { done: true, value: undefined };
    this.#isOver = true;
    throw this.#failure;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** An event as it stands on the wire. Its data is JSON or a word: it has no line breaks. */
function written({ event, data }: ServerSentEvent): string {
  return event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}
