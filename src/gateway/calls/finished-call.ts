import type { WireFormatName } from '../../domain/wire-format.ts';
import type { WireUsage } from '../../providers/provider.ts';
import type { Caller } from './caller.ts';

/** How a call came in: asked for and awaited, handed in (`POST /v1/requests`), or a line of a batch. */
export type CallKind = 'interactive' | 'request' | 'batch';

/** `cancelled`: whoever asked for it left. `rejected`: nothing was queued. */
export type CallOutcome = 'completed' | 'failed' | 'timeout' | 'cancelled' | 'rejected';

/** What is known of a model call once it is over, whatever became of it. Moments are epoch milliseconds. */
export interface FinishedCall {
  readonly requestId: string;
  readonly kind: CallKind;
  readonly caller: Caller;
  /** The call's own `user` (OpenAI) or `metadata.user_id` (Anthropic). */
  readonly user: string | undefined;
  readonly format: WireFormatName;
  /** The model that was asked for. */
  readonly model: string;
  /** The model that answered: the same or a fallback. */
  readonly servedBy: string | undefined;
  readonly deploymentId: string | undefined;
  readonly streamed: boolean;
  readonly outcome: CallOutcome;
  /** The HTTP status of the answer; 499 where nobody was there any more. */
  readonly status: number;
  readonly attempts: number;
  /** From the submit to the start of the attempt that answered; undefined where none did. */
  readonly queueMs: number | undefined;
  readonly receivedAt: number;
  /** When it stood in line; undefined where it never did. */
  readonly queuedAt: number | undefined;
  /** When the attempt that answered began. */
  readonly startedAt: number | undefined;
  /** When its answer could be handed out: whole, or a stream's first content. */
  readonly answeredAt: number | undefined;
  readonly endedAt: number;
  readonly usage: WireUsage | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** The call's body as JSON; only where payloads were asked for. */
  readonly payload: string | undefined;
  /** The caller's `traceparent`: the trace that this is a part of. */
  readonly traceparent?: string | undefined;
}

/** Hears of every call: telemetry, budgets, metrics. What it throws breaks no call. */
export interface CallObserver {
  /** A call has been admitted and is about to stand in line. */
  started?(call: { readonly requestId: string; readonly caller: Caller; readonly model: string; readonly streamed: boolean }): void;
  /** A stream's first content is there, or a whole answer. */
  answered?(call: { readonly requestId: string; readonly model: string; readonly afterMs: number; readonly streamed: boolean }): void;
  finished(call: FinishedCall): void;
}
