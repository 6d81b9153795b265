import { AsyncParts } from './async-parts.ts';
import type { ExchangeListener } from './exchange.ts';
import { inProcessCall, type SimulatedResponse } from './in-process-call.ts';

/** A streamed call's answer. */
export interface SimulatedStream extends SimulatedResponse {
  /**
   * Tokens as they are produced, so many at a time. Ends where the body does; throws what breaks it, the reason of an abort
   * included. A refusal or an error in place of the body, or inside it, ends it: `done` says which.
   */
  readonly tokens: AsyncIterable<number>;
}

/** Turns an exchange's callbacks into two promises and a stream. */
export function streamedCall(begin: (listener: ExchangeListener) => { abort(): void }, signal: AbortSignal | undefined): SimulatedStream {
  const left = new AbortController();
  const tokens = new AsyncParts<number>(() => left.abort());
  let produced = 0;
  const response = inProcessCall(
    (listener) =>
      begin({
        ...listener,
        tokens(total) {
          if (total > produced) tokens.push(total - produced);
          produced = total;
        },
      }),
    signal ? AbortSignal.any([signal, left.signal]) : left.signal,
  );
  response.done.then(
    () => tokens.end(),
    (error: unknown) => tokens.fail(error),
  );
  return { ...response, tokens };
}
