import type { Dispatched, QueuedCall } from '../../client/dispatch/dispatch-types.ts';
import type { JsonObject } from '../../domain/chat.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import type { Admission } from './call-gate.ts';
import type { Caller } from './caller.ts';
import type { CallKind } from './finished-call.ts';

/** One model call on its way into the queue, however it came in. */
export interface CallRequest {
  /** Stands in the answer's headers, in telemetry and in the queue. */
  readonly requestId: string;
  readonly kind: CallKind;
  readonly caller: Caller;
  readonly format: WireFormatName;
  readonly body: JsonObject;
  /** The caller's headers that belong to the protocol; never a key. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** From −10 to 10, as far as the tenant may; default 0. */
  readonly priority?: number | undefined;
  /** When the answer is of no more use; epoch milliseconds. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The caller's `traceparent` header. */
  readonly traceparent?: string | undefined;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** Told once it stands in line; again for a fallback. */
  readonly onQueued?: ((queued: QueuedCall) => void) | undefined;
}

/** An answer that can be handed out: whole, or a stream from its first content on. */
export interface AnsweredCall {
  readonly dispatched: Dispatched;
  readonly admission: Admission;
  /** Requests of its model that were waiting when it came. */
  readonly position: number;
}

/** Runs model calls: admission, queue, and everybody who wants to hear how it ended. */
export interface ModelCalls {
  /**
   * Rejects with what kept it from an answer: `TenantRefused`, the queue's own errors, or the provider's failure. Observers are
   * told of every end, this one too; of a stream's once it is over.
   */
  run(request: CallRequest): Promise<AnsweredCall>;
}
