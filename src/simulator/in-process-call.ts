import type { ExchangeListener } from './exchange.ts';
import type { CallOutcome, ResponseHead } from './simulated-call.ts';

/** A call's answer, in two steps as HTTP gives it. */
export interface SimulatedResponse {
  /** Status and headers; a refusal has status 429 here. */
  readonly headers: Promise<ResponseHead>;
  /** How it ended, once the body is complete. */
  readonly done: Promise<CallOutcome>;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A caller may look at one of a call's two promises only; the other must not count as an unhandled rejection. */
function quietDeferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** Turns an exchange's callbacks into promises. */
export function inProcessCall(
  begin: (listener: ExchangeListener) => { abort(): void },
  signal: AbortSignal | undefined,
): SimulatedResponse {
  const headers = quietDeferred<ResponseHead>();
  const done = quietDeferred<CallOutcome>();
  const response = { headers: headers.promise, done: done.promise };
  let ended = false;
  const fail = (error: unknown) => {
    ended = true;
    headers.reject(error);
    done.reject(error);
  };
  if (signal?.aborted) {
    fail(signal.reason);
    return response;
  }
  const onAbort = () => {
    exchange.abort();
    fail(signal?.reason);
  };
  const exchange = begin({
    head: headers.resolve,
    done: (outcome) => {
      ended = true;
      signal?.removeEventListener('abort', onAbort);
      done.resolve(outcome);
    },
    failed: (error) => {
      signal?.removeEventListener('abort', onAbort);
      fail(error);
    },
  });
  if (!ended) signal?.addEventListener('abort', onAbort);
  return response;
}
