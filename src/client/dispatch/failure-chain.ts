import { InvalidRequest, LLMQueueException } from '../../domain/errors.ts';
import { ProviderFailure } from '../../providers/provider-failure.ts';

const DEEPEST = 8;

/** The provider's failure that an error tells of: itself, or what it was caused by. */
export function providerFailureIn(error: unknown): ProviderFailure | undefined {
  let place = error;
  for (let depth = 0; depth < DEEPEST && place instanceof Error; depth++) {
    if (place instanceof ProviderFailure) return place;
    place = place.cause;
  }
  return undefined;
}

/** What a caller is told: the provider's failure, or its own mistake, rather than the engine's word for "the processor threw". */
export function failureToThrow(error: Error): Error {
  if (!LLMQueueException.isInstance(error) || error.code !== 'processing_error') return error;
  return error.cause instanceof InvalidRequest ? error.cause : (providerFailureIn(error) ?? error);
}

/** Codes of the engine for "this model can't, whatever is tried". A wait or a deadline that was too short is none: it is the caller's. */
const ANOTHER_MODEL_MAY = new Set(['no_deployment_available', 'request_too_large', 'attempt_timeout']);

/** Whether another model may succeed where this error ended a request. */
export function movesToFallback(error: Error): boolean {
  if (LLMQueueException.isInstance(error) && ANOTHER_MODEL_MAY.has(error.code)) return true;
  return providerFailureIn(error)?.failOver ?? false;
}
