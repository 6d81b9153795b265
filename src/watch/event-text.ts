import type { ServerSentEvent } from '../providers/provider.ts';
import { NO_EVENT, parseEvent } from '../providers/sse/parse-event.ts';

const BLANK_LINE = /\r\n\r\n|\n\n|\r\r/g;
/** Far more than any sample; what sends more is no gateway. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** Reads server-sent events from a stream's bytes; browsers have no Buffer to scan them in. */
export class EventText {
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** The events that end in this chunk. Throws where it is no event stream. */
  push(chunk: Uint8Array): ServerSentEvent[] {
    const scanned = Math.max(0, this.#rest.length - 3);
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    const events: ServerSentEvent[] = [];
    let start = 0;
    BLANK_LINE.lastIndex = scanned;
    while (BLANK_LINE.test(this.#rest)) {
      const event = parseEvent(this.#rest.slice(start, BLANK_LINE.lastIndex));
      if (event === NO_EVENT) throw new Error('the answer is no event stream');
      if (event !== undefined) events.push(event);
      start = BLANK_LINE.lastIndex;
    }
    this.#rest = this.#rest.slice(start);
    if (this.#rest.length > MOST_CHARACTERS) throw new Error(`an event is longer than ${MOST_CHARACTERS} characters`);
    return events;
  }
}
