import type { ServerSentEvent } from '../provider.ts';

const DATA = 'data: ';
const LINE_END = /\r\n|\r|\n/;
/** An event without a name. A class, since one is made of every chunk: see `FreshPart` of the streams. */
class BareEvent implements ServerSentEvent {
  readonly data: string;

  constructor(data: string) {
    this.data = data;
  }
}

/** A field's name as anybody would choose one; the specification ignores those it doesn't know. */
const FIELD = /^[A-Za-z][\w.-]*$/;

/** A line that no server would send as part of an event: the stream is something else. */
export const NO_EVENT = Symbol('no event');

/**
 * Reads one block of a stream as the HTML standard's section on server-sent events has it: `data` lines joined, comments and unknown
 * fields ignored. Undefined where it has no data, as a comment alone; {@link NO_EVENT} where it is no such block at all.
 */
export function parseEvent(block: string): ServerSentEvent | undefined | typeof NO_EVENT {
  // Most blocks are one line of data and a blank one.
  if (block.startsWith(DATA) && block.indexOf('\n') === block.length - 2 && !block.includes('\r')) {
    return new BareEvent(block.slice(DATA.length, -2));
  }
  let event: string | undefined;
  let data: string | undefined;
  for (const line of block.includes('\r') ? block.split(LINE_END) : block.split('\n')) {
    if (line === '' || line.startsWith(':')) continue;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') data = data === undefined ? value : `${data}\n${value}`;
    else if (field === 'event') event = value === '' ? undefined : value;
    else if (!FIELD.test(field)) return NO_EVENT;
  }
  if (data === undefined) return undefined;
  return event === undefined ? { data } : { event, data };
}
