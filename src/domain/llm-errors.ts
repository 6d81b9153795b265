import { type ErrorOptions, LLMQueueException } from './errors.ts';

/** What an error of the client family knows besides its message. No key, prompt or completion is ever in it. */
export interface LLMErrorDetails {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly deploymentId?: string | undefined;
  /** HTTP status of the provider's answer, where there was one. */
  readonly status?: number | undefined;
  /** The provider's own code of the error. */
  readonly providerCode?: string | undefined;
  readonly requestId?: string | undefined;
  readonly [key: string]: unknown;
}

interface LLMExceptionOptions extends ErrorOptions {
  readonly code?: string;
  readonly retryable?: boolean;
}

/** Root of the client's errors. */
export class LLMException extends LLMQueueException {
  readonly details: LLMErrorDetails;

  constructor(message: string, details: LLMErrorDetails = {}, options: LLMExceptionOptions = {}) {
    super(message, options.code ?? 'llm_exception', options.retryable ?? false, options);
    this.details = details;
  }
}

/** A provider failed a call, or answered something that is no answer. */
export class LLMProviderError extends LLMException {
  constructor(message: string, details?: LLMErrorDetails, options: LLMExceptionOptions = {}) {
    super(message, details, { code: 'provider_error', ...options });
  }
}

/** A provider could not be reached, or the connection broke. */
export class LLMConnectionError extends LLMException {
  constructor(message: string, details?: LLMErrorDetails, options: LLMExceptionOptions = {}) {
    super(message, details, { code: 'connection_error', retryable: true, ...options });
  }
}

/** The deadline or the acquire timeout passed while every deployment was at its limit. Until then limited work waits. */
export class LLMRateLimitError extends LLMException {
  constructor(message: string, details?: LLMErrorDetails, options: LLMExceptionOptions = {}) {
    super(message, details, { code: 'rate_limit', retryable: true, ...options });
  }
}

/** A provider refused the key. */
export class LLMAuthenticationError extends LLMException {
  constructor(message: string, details?: LLMErrorDetails, options: LLMExceptionOptions = {}) {
    super(message, details, { code: 'authentication_error', ...options });
  }
}

/** No client could be had within `acquireTimeout`. */
export class LLMPoolExhaustedError extends LLMException {
  constructor(message: string, details?: LLMErrorDetails, options: LLMExceptionOptions = {}) {
    super(message, details, { code: 'pool_exhausted', retryable: true, ...options });
  }
}

/** A client's configuration is wrong or missing. */
export class LLMConfigurationError extends LLMException {
  constructor(message: string, details?: LLMErrorDetails, options: LLMExceptionOptions = {}) {
    super(message, details, { code: 'llm_configuration', ...options });
  }
}

/** A call took longer than it may: to its first token, between two tokens, or in all. */
export class LLMTimeoutError extends LLMException {
  constructor(message: string, details?: LLMErrorDetails, options: LLMExceptionOptions = {}) {
    super(message, details, { code: 'timeout', retryable: true, ...options });
  }
}
