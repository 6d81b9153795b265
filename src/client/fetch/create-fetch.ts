import type { Clock } from '../../domain/clock.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import type { DispatchCall, Dispatched, DispatchOptions } from '../dispatch/dispatch-types.ts';
import { answerResponse } from './answer-response.ts';
import type { RoutedCall } from './call-routing.ts';
import { callerHeaders } from './caller-headers.ts';
import { errorResponse } from './error-response.ts';
import { areFetchArguments, jsonObject, type OutgoingRequest, outgoingRequest, type ReadBody, readBody } from './read-request.ts';
import { CallRecogniser, type CallTarget } from './recognise-call.ts';

/** How the calls of one fetch are queued. */
export interface FetchOptions {
  /** Whole number from −10 to 10, higher first; default 0. */
  readonly priority?: number | undefined;
  /** Who the calls are for: models share what they have fairly between tenants. */
  readonly tenant?: string | undefined;
  /** Longest time for one call in ms, waiting included: an answer of status 504 then. Default none. */
  readonly deadlineMs?: number | undefined;
  /** Takes what is no model call; default the global fetch. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** A standard fetch. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What a fetch is made from. */
export interface FetchParts {
  readonly clock: Clock;
  /** Finds the model that a call is for; makes its queue where models are found out from the calls. */
  readonly route: (target: CallTarget, call: DispatchCall) => RoutedCall;
  readonly dispatch: (modelId: string, call: DispatchCall, options: DispatchOptions) => Promise<Dispatched>;
  /** Why nothing new is taken any more; undefined: it is. */
  readonly refusal: () => Error | undefined;
}

/**
 * Makes a fetch that sends model calls through their queues; everything else goes to the global fetch untouched. It
 * rejects only as fetch does when its signal aborts; every other failure is an answer of the provider's form.
 */
export function createFetch(parts: FetchParts, options: FetchOptions = {}): Fetch {
  const recogniser = new CallRecogniser();
  return async (input, init) => {
    const passOn = options.fetch ?? globalThis.fetch;
    if (!areFetchArguments(input, init)) return passOn(input, init);
    const request = outgoingRequest(input, init);
    const target = request.method === 'POST' ? recogniser.recognise(request.url) : undefined;
    if (target === undefined || !request.body) return passOn(input, init);
    const refusal = parts.refusal();
    if (refusal !== undefined) return errorResponse(refusal, target.format);
    request.signal?.throwIfAborted();
    const read = await readCall(request, target);
    if (read.kind === 'other') return passOn(request.url, passedOn(input, init, read.body));
    if (read.kind === 'error') return errorResponse(read.error, target.format);
    return sendCall(parts, options, target, read.call, request.signal);
  };
}

async function sendCall(
  parts: FetchParts,
  options: FetchOptions,
  target: CallTarget,
  call: DispatchCall,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    const { deadlineMs, priority, tenant } = options;
    const deadline = deadlineMs === undefined ? undefined : parts.clock.wallMs() + deadlineMs;
    const routed = parts.route(target, call);
    const dispatched = await dispatchedBy(parts, routed, { signal, deadline, priority, tenant });
    return answerResponse(dispatched, signal);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    return errorResponse(error, target.format);
  }
}

async function dispatchedBy({ dispatch }: FetchParts, { modelId, call, done }: RoutedCall, options: DispatchOptions): Promise<Dispatched> {
  if (done === undefined) return dispatch(modelId, call, options);
  try {
    const dispatched = await dispatch(modelId, call, options);
    if (dispatched.answer.kind === 'stream') void dispatched.answer.ended.then(done);
    else done();
    return dispatched;
  } catch (error) {
    done();
    throw error;
  }
}

type ReadCall =
  | { readonly kind: 'call'; readonly call: DispatchCall }
  | { readonly kind: 'other'; readonly body: RequestInit['body'] }
  | { readonly kind: 'error'; readonly error: InvalidRequest };

async function readCall({ body, headers, signal }: OutgoingRequest, { format }: CallTarget): Promise<ReadCall> {
  let read: ReadBody | undefined;
  try {
    read = await readBody(body, signal);
  } catch (error) {
    if (error instanceof InvalidRequest) return { kind: 'error', error };
    throw error;
  }
  const json = read === undefined ? undefined : jsonObject(read.text);
  if (json === undefined) return { kind: 'other', body: read?.raw ?? body };
  const { protocol, auth } = callerHeaders(headers);
  return { kind: 'call', call: { format, body: json, headers: protocol, auth } };
}

/** The same call with the body that was read already. */
function passedOn(input: string | URL | Request, init: RequestInit | undefined, body: RequestInit['body']): RequestInit {
  const request = typeof input === 'object' && 'method' in input ? input : undefined;
  const { method, headers, signal } = { ...init };
  return {
    ...init,
    method: method ?? request?.method ?? 'POST',
    headers: headers ?? request?.headers ?? {},
    signal: signal ?? request?.signal ?? null,
    body: body ?? null,
  };
}
