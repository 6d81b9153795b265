/**
 * Every error Headgate makes. One root, {@link LLMQueueException}; a stable `code` to branch on; `retryable`
 * says whether the same request may succeed when it is tried again.
 */

const MARKER = Symbol.for('headgate.error');

/** Any value in words; a stranger's object may throw when it is looked at. */
export function textOf(value: unknown): string {
  try {
    return value instanceof Error ? String(value.message) : String(value);
  } catch {
    return 'a value that cannot be shown';
  }
}

/** What an error may be told besides its message. */
export interface ErrorOptions {
  /** What was thrown below; any value. */
  readonly cause?: unknown;
}

/** Root of every error class of Headgate. */
export class LLMQueueException extends Error {
  /** Stable, machine-readable kind of this error. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** @internal */
  readonly [MARKER] = true;

  constructor(message: string, code: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
  }

  /** Whether `value` is an error of Headgate, also when it comes from another copy of the package. */
  static isInstance(value: unknown): value is LLMQueueException {
    return typeof value === 'object' && value !== null && MARKER in value;
  }
}

/** What is too large for which limit: a request on a model, or something else, told by its own text. */
type TooLarge = { readonly limitType: string; readonly cost: number; readonly limit: number } & (
  | { readonly requestId: string; readonly modelId: string }
  | { readonly message: string }
);

/** A cost can never fit a limit: it is larger than the limit itself. */
export class RateLimitExceeded extends LLMQueueException {
  readonly limitType: string;
  readonly cost: number;
  readonly limit: number;

  constructor(details: TooLarge) {
    super(
      'message' in details
        ? details.message
        : `Request '${details.requestId}' costs ${details.cost} of '${details.limitType}' on model '${details.modelId}', ` +
            `more than the whole limit of ${details.limit}; it can never start. Make the request smaller or raise the limit.`,
      'request_too_large',
      false,
    );
    this.limitType = details.limitType;
    this.cost = details.cost;
    this.limit = details.limit;
  }
}

/** A request waited too long, for whatever reason. */
export class QueueTimeout extends LLMQueueException {
  constructor(message: string, code = 'queue_timeout', options?: ErrorOptions) {
    super(message, code, true, options);
  }
}

/** A request waited in the queue longer than `requestTimeoutSeconds`. It was removed and never ran. */
export class QueueTimeoutError extends QueueTimeout {
  constructor(requestId: string, modelId: string, seconds: number) {
    super(`Request '${requestId}' waited longer than ${seconds} s in the queue of model '${modelId}' and was removed.`);
  }
}

/** A request's own `deadline` passed before it was done. */
export class DeadlineExceeded extends QueueTimeout {
  constructor(requestId: string, modelId: string, deadline: Date) {
    super(`Request '${requestId}' on model '${modelId}' was not done by its deadline ${deadline.toISOString()}.`, 'deadline_exceeded');
  }
}

/** One attempt ran longer than `attemptTimeoutSeconds`; its signal was aborted. */
export class AttemptTimeout extends QueueTimeout {
  constructor(requestId: string, modelId: string, attempt: number, seconds: number) {
    super(
      `Attempt ${attempt} of request '${requestId}' on model '${modelId}' ran longer than ${seconds} s and was aborted.`,
      'attempt_timeout',
    );
  }
}

/** The model of a request was never registered, or was unregistered. */
export class ModelNotRegistered extends LLMQueueException {
  constructor(modelId: string, registered: readonly string[]) {
    const known = registered.length > 0 ? registered.map((id) => `'${id}'`).join(', ') : 'none';
    super(`Model '${modelId}' is not registered. Registered: ${known}. Call registerQueue first.`, 'model_not_registered', false);
  }
}

/** A configuration value is wrong; `path` leads to it. */
export class InvalidConfiguration extends LLMQueueException {
  readonly path: string;

  constructor(message: string, path = '', options?: ErrorOptions) {
    super(message, 'invalid_configuration', false, options);
    this.path = path;
  }
}

/** A request's own fields or params are wrong; `path` leads to the field. */
export class InvalidRequest extends LLMQueueException {
  readonly path: string;

  constructor(message: string, path = '', options?: ErrorOptions) {
    super(message, 'invalid_request', false, options);
    this.path = path;
  }
}

/** The processor failed and no attempt was left; `cause` is what it threw. */
export class ProcessingError extends LLMQueueException {
  constructor(message: string, options?: ErrorOptions & { retryable?: boolean }) {
    super(message, 'processing_error', options?.retryable ?? false, options);
  }
}

/** The queue holds `maxQueueSize` requests already; nothing was taken in. */
export class SchedulerQueueFullError extends LLMQueueException {
  /** Milliseconds until the next request starts and leaves a place; undefined while only the end of a call can tell. */
  readonly retryAfterMs: number | undefined;

  constructor(modelId: string, maxQueueSize: number, retryAfterMs?: number) {
    super(
      `Model '${modelId}': the queue is full. Max: ${maxQueueSize}. Wait for requests to finish or raise maxQueueSize.`,
      'queue_full',
      true,
    );
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Every deployment of a model is disabled, because its key or its account was refused; or cooling, where the request was not to wait
 * for that. `cause` is the last refusal.
 */
export class NoDeploymentAvailable extends LLMQueueException {
  constructor(
    modelId: string,
    disabled: readonly { readonly id: string; readonly cause: Error; readonly why: string }[],
    cooling: readonly string[] = [],
  ) {
    const why = disabled.map(({ id, why }) => `'${id}' (${why})`).join(', ');
    const rest = cooling.length > 0 ? ` Cooling: ${cooling.map((id) => `'${id}'`).join(', ')}.` : '';
    super(
      `Model '${modelId}': no deployment takes the request. Disabled: ${why || (rest ? 'none' : 'none; the others failed it for good')}.${rest} Mend the key or the account and enable it, or wait.`,
      'no_deployment_available',
      true,
      { cause: disabled.at(-1)?.cause },
    );
  }
}

/** A request with this id is still live. */
export class DuplicateRequest extends LLMQueueException {
  constructor(requestId: string) {
    super(
      `A request with id '${requestId}' is already live. Give each request its own id, or none to get one.`,
      'duplicate_request',
      false,
    );
  }
}

/** The engine was shut down, or is shutting down and takes nothing in. */
export class EngineStopped extends LLMQueueException {
  constructor(message = 'The engine is stopped and takes no requests. Make a new QueueManager.') {
    super(message, 'engine_stopped', false);
  }
}

/** The request was cancelled by its caller: `handle.cancel()` or its AbortSignal. */
export class RequestCancelled extends LLMQueueException {
  constructor(requestId: string, reason?: unknown) {
    const why = reason === undefined ? '' : `: ${textOf(reason)}`;
    super(`Request '${requestId}' was cancelled${why}.`, 'cancelled', false, { cause: reason });
  }
}

/** What a processor may say of a refusal. */
export interface RefusalDetails {
  readonly retryAfterMs?: number;
  /** Which limit refused, as `rpm`, `tpm`, …; that limiter pauses. Unknown: all limiters of the model pause. */
  readonly limitType?: string;
  /** The quota domain that refused, where limiters are shared. */
  readonly domain?: string;
  readonly message?: string;
  readonly cause?: unknown;
}

/**
 * Thrown by a processor when the provider refused the call (HTTP 429): a scheduling signal, not a failure.
 * The request goes back to its place, the limiter pauses, no attempt is used.
 */
export class RateLimitRefused extends LLMQueueException {
  readonly retryAfterMs: number | undefined;
  readonly limitType: string | undefined;
  readonly domain: string | undefined;

  constructor(details: RefusalDetails = {}) {
    super(details.message ?? 'The provider refused the call: rate limit reached.', 'rate_limit_refused', true, { cause: details.cause });
    this.retryAfterMs = details.retryAfterMs;
    this.limitType = details.limitType;
    this.domain = details.domain;
  }
}

/**
 * Makes an error without a stack trace: where many requests end at once, as by one abort signal, the traces would
 * take longer than everything else and would all say the same.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  // Not writable where an embedder froze the globals: then the trace is made after all.
  if (!Reflect.set(Error, 'stackTraceLimit', 0)) return make();
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
