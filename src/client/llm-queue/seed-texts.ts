import { type LLMQueueException, QueueTimeoutError, SchedulerQueueFullError } from '../../domain/errors.ts';

/** These errors are the engine's; the queue tells them in the words that its users know. */
export function mainQueueFull(maxQueueSize: number): SchedulerQueueFullError {
  return retold(new SchedulerQueueFullError('LLMQueue', maxQueueSize), `Main queue is full. Max: ${maxQueueSize}`);
}

export function waitQueueFull(maxQueueSize: number): SchedulerQueueFullError {
  return retold(new SchedulerQueueFullError('LLMQueue', maxQueueSize), `Wait queue is full. Max: ${maxQueueSize}`);
}

export function timedOutInQueue(reqId: string, seconds: number): QueueTimeoutError {
  return retold(new QueueTimeoutError(reqId, 'LLMQueue', seconds), `Request has timed out in scheduler queue. TTL: ${seconds}`);
}

function retold<E extends LLMQueueException>(error: E, message: string): E {
  error.message = message;
  // The trace begins with the message as it was.
  Error.captureStackTrace(error, retold);
  return error;
}
