import { type ErrorOptions, LLMQueueException } from './errors.ts';

/** A store that something was to be written to, or read from, is down or too slow. */
export class StoreUnavailable extends LLMQueueException {
  constructor(store: string, reason: string, options?: ErrorOptions) {
    super(`The store '${store}' is not available: ${reason}. It is tried again by itself.`, 'store_unavailable', true, options);
  }
}
