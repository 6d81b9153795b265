import type { JsonObject } from '../../domain/chat.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import type { RequestHandle } from '../../engine/request-handle.ts';
import type { WireAnswer } from '../../providers/provider.ts';
import type { CallerAuth } from './caller-key.ts';
import type { Upstream } from './upstream.ts';

/** One call in a provider's own wire format, on its way to whichever deployment the engine chooses. */
export interface DispatchCall {
  readonly format: WireFormatName;
  /** The body as a JSON object; each deployment puts its own model name in. */
  readonly body: JsonObject;
  /** The caller's headers that belong to the protocol (`anthropic-beta`, …); never a key. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The caller's own key, as the header it came in: sent only where a deployment has no key of its own. */
  readonly auth?: CallerAuth | undefined;
  /** The caller's own endpoint, for models that have limits and no deployments. */
  readonly upstream?: Upstream | undefined;
}

/** A call that stands in line. */
export interface QueuedCall {
  readonly handle: RequestHandle;
  /** The model that was asked for, or a fallback. */
  readonly modelId: string;
  /** Requests of that model that were waiting when it came. */
  readonly position: number;
}

/** How a call is queued. */
export interface DispatchOptions {
  /** The request's id in the queue; default a random UUID. Must not be the id of another live request. */
  readonly id?: string | undefined;
  /** Told as soon as the call stands in line; again for each fallback that is asked. What it throws is the call's failure. */
  readonly onQueued?: ((queued: QueuedCall) => void) | undefined;
  /** Cancels the call, waiting or running. */
  readonly signal?: AbortSignal | undefined;
  /** Whole number from −10 to 10, higher first; default 0. */
  readonly priority?: number | undefined;
  /** Who it is for. */
  readonly tenant?: string | undefined;
  /** When the answer is of no more use; a Date or epoch milliseconds. Default none. */
  readonly deadline?: Date | number | undefined;
  /** Free fields; events and processors see them. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** An answer and how it came about. */
export interface Dispatched {
  /** The whole answer, or a stream from its first content event on; from then on nothing is tried again. */
  readonly answer: WireAnswer;
  readonly deploymentId: string;
  /** The model that answered: the one asked for, or a fallback. */
  readonly modelId: string;
  /** Calls of this model that were not refused. */
  readonly attempts: number;
  readonly requestId: string;
  /** Milliseconds from the submit to the start of the attempt that answered. */
  readonly queueMs: number;
  /** Ends a stream nobody wants any more: aborts the call and frees what it holds. */
  cancel(reason?: unknown): void;
}
