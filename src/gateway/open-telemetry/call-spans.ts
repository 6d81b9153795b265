import type { Context, HrTime, Tracer } from '@opentelemetry/api';
import type { FinishedCall } from '../calls/finished-call.ts';
import { callAttributes, operationOf } from './gen-ai-attributes.ts';

type Api = typeof import('@opentelemetry/api');

/** `traceparent` of W3C Trace Context. Later versions may say more behind it. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

/** Writes a call's spans once it is over: the call, and in it the wait for its turn and the attempt that answered. */
export class CallSpans {
  readonly #api: Api;
  readonly #tracer: Tracer;

  constructor(api: Api, tracer: Tracer) {
    this.#api = api;
    this.#tracer = tracer;
  }

  write(call: FinishedCall, provider: string | undefined): void {
    const { SpanKind, SpanStatusCode, trace } = this.#api;
    const { model, receivedAt, queuedAt, startedAt, answeredAt, endedAt, outcome, error } = call;
    const parent = this.#parent(call.traceparent);
    const attributes = callAttributes(call, provider);
    const options = { kind: SpanKind.CLIENT, startTime: moment(receivedAt), attributes };
    const span = this.#tracer.startSpan(`${operationOf(call)} ${model}`, options, parent);
    const inside = trace.setSpan(parent, span);
    if (queuedAt !== undefined) this.#child('queue', queuedAt, startedAt ?? endedAt, inside);
    if (startedAt !== undefined) this.#child('attempt', startedAt, endedAt, inside);
    if (answeredAt !== undefined) span.addEvent(call.streamed ? 'first content' : 'answered', moment(answeredAt));
    if (outcome !== 'completed') span.setStatus({ code: SpanStatusCode.ERROR, ...(error && { message: error.code }) });
    span.end(moment(endedAt));
  }

  #child(name: string, from: number, to: number, inside: Context): void {
    this.#tracer.startSpan(name, { kind: this.#api.SpanKind.INTERNAL, startTime: moment(from) }, inside).end(moment(to));
  }

  #parent(traceparent: string | undefined): Context {
    const { ROOT_CONTEXT, trace } = this.#api;
    const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
    if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true });
  }
}

/** In seconds and nanoseconds: a plain number would be taken for one of the process's own clock where it is small. */
function moment(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)];
}
