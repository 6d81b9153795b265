import { RateLimitExceeded, textOf } from '../../domain/errors.ts';
import type { Secret } from '../../providers/http/secret.ts';
import type { JobOutcome } from './dispatch.ts';
import { isLlmError } from './execute-job.ts';
import type { Job } from './job.ts';
import { timedOutInQueue } from './seed-texts.ts';

/** What a request is answered with. */
export interface ExecutionResult {
  /** What the executor returned, or the text of what went wrong. */
  readonly response: unknown;
  /** 200; 400 no deployment serves the model, or the request is larger than its limits; 404 no executor for the type; 500 the executor failed. */
  readonly statusCode: 200 | 400 | 404 | 500;
}

/** An answer, and what telemetry says of it. */
export interface Answer extends ExecutionResult {
  readonly errorMessage?: string;
}

export function refusal(statusCode: 400 | 404, text: string): Answer {
  return { response: text, statusCode, errorMessage: text };
}

export function internalError(thrown: unknown): Answer {
  const text = textOf(thrown);
  return { response: `INTERNAL SERVER ERROR: ${text}`, statusCode: 500, errorMessage: text };
}

/** The same, where it tells of an error, without the keys that an executor's error may quote. */
export function censoredAnswer(answer: Answer, secret: Secret): Answer {
  const { response, errorMessage } = answer;
  if (errorMessage === undefined) return answer;
  return { ...answer, response: secret.censored(textOf(response)), errorMessage: secret.censored(errorMessage) };
}

/** The answer that an outcome stands for. Throws for those who waited too long, left, or were shut down on. */
export function answerOf(outcome: JobOutcome, job: Job, requestTimeoutSeconds: number): Answer {
  if (outcome.status === 'completed') return { response: outcome.result, statusCode: 200 };
  const { reason, cause, failure } = outcome;
  if (failure !== undefined) {
    const text = textOf(failure.thrown);
    if (isLlmError(failure.thrown)) return { response: `LLM ERROR: ${text}`, statusCode: 500, errorMessage: text };
    return internalError(failure.thrown);
  }
  if (cause instanceof RateLimitExceeded) return refusal(400, cause.message);
  if (reason === 'timeout' && 'code' in cause && cause.code === 'queue_timeout') throw timedOutInQueue(job.reqId, requestTimeoutSeconds);
  if (reason === 'cancelled' || reason === 'shutdown') throw cause;
  return internalError(cause);
}
