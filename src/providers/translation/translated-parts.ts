import type { ServerSentEvent, StreamPart } from '../provider.ts';
import type { StreamTranslator } from './translation.ts';

/** A stream's parts in the caller's format: each holds what the events that came with it have become, maybe nothing. */
export class TranslatedParts implements AsyncIterableIterator<StreamPart, undefined> {
  readonly #parts: AsyncIterator<StreamPart>;
  readonly #translator: StreamTranslator;

  constructor(parts: AsyncIterable<StreamPart>, translator: StreamTranslator) {
    this.#parts = parts[Symbol.asyncIterator]();
    this.#translator = translator;
  }

  async next(): Promise<IteratorResult<StreamPart, undefined>> {
    const step = await this.#parts.next();
    if (step.done) return { done: true, value: undefined };
    const events = await this.#translated(step.value.events);
    return { done: false, value: { raw: Buffer.from(events.map(written).join('')), events } };
  }

  async return(): Promise<IteratorResult<StreamPart, undefined>> {
    await this.#parts.return?.();
    return { done: true, value: undefined };
  }

  /** What can't be said in the caller's format ends the call: half an answer would pass for a whole one. */
  async #translated(events: readonly ServerSentEvent[]): Promise<readonly ServerSentEvent[]> {
    try {
      return events.flatMap((event) => this.#translator.read(event));
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** An event as it stands on the wire. Its data is JSON or a word: it has no line breaks. */
function written({ event, data }: ServerSentEvent): string {
  return event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}
