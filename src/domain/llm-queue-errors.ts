import { type ErrorOptions, LLMQueueException } from './errors.ts';

/** A user sent more requests than one user may in a window. Nothing was queued. */
export class UserRateLimitExceededError extends LLMQueueException {
  /** Seconds until one more request fits; exact, not rounded. */
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(`Too many requests, please try again in ${Math.ceil(retryAfterSeconds)} seconds`, 'user_rate_limit_exceeded', true);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A request came without the id of its user. */
export class UserIdHeaderMissingError extends LLMQueueException {
  constructor() {
    super('user-id header is missing', 'user_id_missing', false);
  }
}

/** An executor throws this when its call to a model failed. */
export class LLMError extends LLMQueueException {
  /** The deployment that failed; it rests for its `errorBackoffInSeconds`. Absent: the only one that was chosen, if it was one. */
  readonly deploymentId: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly deploymentId?: string } = {}) {
    super(message, 'llm_error', false, options);
    this.deploymentId = options.deploymentId;
  }
}

/** A request asks for a model that no deployment serves. */
export class ResourceAvailabilityError extends LLMQueueException {
  constructor(modelId: string) {
    super(
      `SPECIFIED LLM ID: ${modelId} is not present in the load balancer. Please check with the LLM Config provided.`,
      'resource_availability',
      false,
    );
  }
}
