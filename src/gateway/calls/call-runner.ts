import type { Dispatched, QueuedCall } from '../../client/dispatch/dispatch-types.ts';
import { errorAnswer } from '../../client/fetch/error-answer.ts';
import type { Headgate } from '../../client/headgate.ts';
import type { JsonObject } from '../../domain/chat.ts';
import type { Clock } from '../../domain/clock.ts';
import { InvalidRequest, LLMQueueException, QueueTimeout, RequestCancelled, textOf } from '../../domain/errors.ts';
import type { Logger } from '../../domain/logger.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import type { StreamEnding, WireUsage } from '../../providers/provider.ts';
import { ACCOUNT_REFUSED_STATUS, accountRefusalIn } from './account-refusal.ts';
import type { Admission, CallGate } from './call-gate.ts';
import type { AnsweredCall, CallRequest, ModelCalls } from './call-request.ts';
import type { CallObserver, CallOutcome, FinishedCall } from './finished-call.ts';
import { TenantRefused } from './tenant-refused.ts';

export interface CallRunnerParts {
  readonly headgate: Headgate;
  readonly gate: CallGate;
  readonly observers: readonly CallObserver[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether observers get the calls' bodies. */
  readonly payloads: boolean;
}

/** The status of an answer that nobody waited for. nginx's word for it. */
const CLIENT_LEFT = 499;

/** Where a call stands; filled in as it goes. */
interface Progress {
  readonly request: CallRequest;
  readonly model: string;
  readonly streamed: boolean;
  readonly payload: string | undefined;
  position: number;
  queuedAt?: number;
  answeredAt?: number;
}

/** How a call ended. */
type Ending = Pick<FinishedCall, 'outcome' | 'status' | 'usage' | 'error'>;

/** Admits calls, has them queued, and tells every observer how they end. */
export class CallRunner implements ModelCalls {
  readonly #parts: CallRunnerParts;

  constructor(parts: CallRunnerParts) {
    this.#parts = parts;
  }

  async run(request: CallRequest): Promise<AnsweredCall> {
    const progress = progressOf(request, this.#parts.payloads);
    let admission: Admission;
    let dispatched: Dispatched;
    try {
      const model = modelIn(request.body);
      const { requestId, caller, kind, body, priority } = request;
      const admitted = this.#parts.gate.admit({ requestId, caller, kind, model, body, priority });
      admission = admitted instanceof Promise ? await admitted : admitted;
      dispatched = await this.#dispatch(progress, admission);
    } catch (error) {
      this.#finished(progress, undefined, failedEnding(error, request));
      throw error;
    }
    progress.answeredAt = this.#parts.clock.wallMs();
    this.#answered(progress);
    const { answer } = dispatched;
    if (answer.kind === 'whole') this.#finished(progress, dispatched, completed(answer.status, answer.usage));
    else void answer.ended.then((ending) => this.#finished(progress, dispatched, streamEnding(answer.status, ending)));
    return { dispatched, admission, position: progress.position };
  }

  #dispatch(progress: Progress, { priority }: Admission): Promise<Dispatched> {
    const { headgate, clock } = this.#parts;
    const { requestId, caller, format, body, headers, deadline, signal, onQueued } = progress.request;
    this.#tell((observer) => observer.started?.({ requestId, caller, model: progress.model, streamed: progress.streamed }));
    const whenQueued = (queued: QueuedCall): void => {
      if (progress.queuedAt === undefined) progress.position = queued.position;
      progress.queuedAt ??= clock.wallMs();
      onQueued?.(queued);
    };
    const tenant = caller.tenant === '' ? undefined : caller.tenant;
    return headgate.dispatch(
      progress.model,
      { format, body, headers },
      { id: requestId, priority, tenant, deadline, signal, onQueued: whenQueued },
    );
  }

  #answered({ request: { requestId, receivedAt }, model, streamed, answeredAt = receivedAt }: Progress): void {
    this.#tell((observer) => observer.answered?.({ requestId, model, streamed, afterMs: answeredAt - receivedAt }));
  }

  #finished(progress: Progress, dispatched: Dispatched | undefined, ending: Ending): void {
    const { request, model, streamed, payload, queuedAt, answeredAt } = progress;
    const queueMs = dispatched?.queueMs;
    const call: FinishedCall = {
      requestId: request.requestId,
      kind: request.kind,
      caller: request.caller,
      user: userIn(request.body),
      format: request.format,
      model,
      servedBy: dispatched?.modelId,
      deploymentId: dispatched?.deploymentId,
      streamed,
      attempts: dispatched?.attempts ?? 0,
      queueMs,
      receivedAt: request.receivedAt,
      queuedAt,
      startedAt: queuedAt === undefined || queueMs === undefined ? undefined : queuedAt + queueMs,
      answeredAt,
      endedAt: this.#parts.clock.wallMs(),
      payload,
      traceparent: request.traceparent,
      ...ending,
    };
    this.#tell((observer) => observer.finished(call));
  }

  /** Whoever listens breaks no call. */
  #tell(tell: (observer: CallObserver) => void): void {
    for (const observer of this.#parts.observers) {
      try {
        tell(observer);
      } catch (error) {
        this.#parts.logger.error({ err: error }, 'a call observer threw');
      }
    }
  }
}

function progressOf(request: CallRequest, payloads: boolean): Progress {
  const { model, stream } = request.body;
  const payload = payloads ? JSON.stringify(request.body) : undefined;
  return { request, model: typeof model === 'string' ? model : '', streamed: stream === true, payload, position: 0 };
}

/** The model that a call is for. @throws InvalidRequest */
export function modelIn({ model }: JsonObject): string {
  if (typeof model !== 'string' || model === '')
    throw new InvalidRequest("The request names no model: 'model' must be a non-empty string.", 'model');
  if (/\p{Cc}/u.test(model)) throw new InvalidRequest("'model' has line breaks or other control characters.", 'model');
  return model;
}

/** Who OpenAI's and Anthropic's bodies say that it is for. */
function userIn({ user, metadata }: JsonObject): string | undefined {
  if (typeof user === 'string') return user;
  const id = typeof metadata === 'object' && metadata !== null && 'user_id' in metadata ? metadata.user_id : undefined;
  return typeof id === 'string' ? id : undefined;
}

function completed(status: number, usage: WireUsage | undefined): Ending {
  return { outcome: 'completed', status, usage, error: undefined };
}

function streamEnding(status: number, { complete, usage, error }: StreamEnding): Ending {
  if (error !== undefined) return { outcome: 'failed', status, usage, error: { code: codeOf(error), message: error.message } };
  return complete ? completed(status, usage) : { outcome: 'cancelled', status: CLIENT_LEFT, usage, error: undefined };
}

function failedEnding(error: unknown, { format, signal }: CallRequest): Ending {
  const outcome = outcomeOf(error, signal);
  return {
    outcome,
    status: outcome === 'cancelled' ? CLIENT_LEFT : statusOf(error, format),
    usage: undefined,
    error: { code: codeOf(error), message: textOf(error) },
  };
}

function statusOf(error: unknown, format: WireFormatName): number {
  if (error instanceof TenantRefused) return error.status;
  return accountRefusalIn(error) === undefined ? errorAnswer(error, format).status : ACCOUNT_REFUSED_STATUS;
}

const NEVER_QUEUED = new Set([
  'invalid_request',
  'model_not_registered',
  'queue_full',
  'engine_stopped',
  'request_too_large',
  'duplicate_request',
  'untranslatable',
  'thread_unsupported_request',
]);

function outcomeOf(error: unknown, signal: AbortSignal | undefined): CallOutcome {
  if (error instanceof RequestCancelled || signal?.aborted) return 'cancelled';
  if (error instanceof QueueTimeout) return 'timeout';
  return error instanceof TenantRefused || NEVER_QUEUED.has(codeOf(error)) ? 'rejected' : 'failed';
}

function codeOf(error: unknown): string {
  return LLMQueueException.isInstance(error) ? error.code : 'internal_error';
}
