import { LLMQueueException } from '../domain/errors.ts';

/** The gateway answered a watcher with something that no repetition mends; the stream is over. */
export class WatchRefused extends LLMQueueException {
  /** The answer's HTTP status; 0 where the browser doesn't tell. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message, 'watch_refused', false);
    this.status = status;
  }
}

const WAY_OUT: Readonly<Record<number, string>> = {
  401: 'It asks for a key and got none, or one that it does not know: pass `key`.',
  403: 'The key is not allowed to see this.',
  404: 'It knows no such request, or the address is not a gateway’s.',
};

/** Too much for now, or nothing wrong with the request itself. */
const PASSING = new Set([408, 425, 429]);

/** Why an answer ends a stream; undefined for one that is a stream, or that may be one later. */
export function refusalIn(response: Response, url: string): WatchRefused | undefined {
  const { status } = response;
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400))
    return new WatchRefused(status, `${url} answered with a redirect; a key is sent nowhere else. Pass the address it leads to.`);
  if (status >= 400 && status < 500 && !PASSING.has(status))
    return new WatchRefused(status, `${url} answered ${status}. ${WAY_OUT[status] ?? 'Is this the address of a gateway?'}`);
  const type = response.headers.get('content-type') ?? 'nothing';
  if (response.ok && !type.startsWith('text/event-stream'))
    return new WatchRefused(status, `${url} answered with ${type}, not with an event stream. Is this the address of a gateway?`);
  return undefined;
}
