import { validateAmount } from '../../config/validate.ts';
import { requireOptions } from '../check-input.ts';
import type { ModelPreferences } from './model-preferences.ts';
import { mainQueueFull, waitQueueFull } from './seed-texts.ts';

/** A request as a scheduler sees it. */
export interface ScheduledRequest {
  readonly reqId: string;
  readonly userId: string;
  readonly reqType: string;
  readonly modelPref: ModelPreferences;
}

/** Preferences of the requests that may be next. */
export interface TopRequests {
  /** The first of the new ones. */
  readonly newRequest: ScheduledRequest | undefined;
  /** Those whose models were busy when they were looked at, first come first. */
  readonly waitingRequests: readonly ScheduledRequest[];
}

/** Decides in which order requests start; may be replaced. */
export interface RequestScheduler {
  /**
   * Which of the new requests goes to the wait queue when it comes first and its models are busy, so that it holds nobody up;
   * others wait where they are. Default `specific`: those that name a model.
   */
  readonly stepAside?: 'specific' | 'all';
  /** Throws `SchedulerQueueFullError` where it takes no more. */
  addRequest(request: ScheduledRequest): void;
  addRequestToWaitQueue(request: ScheduledRequest): void;
  /** Takes out the first of the new requests. */
  popTopNewRequest(): ScheduledRequest | undefined;
  /** Takes out the waiting request with this id. Another one that comes out starts on the models that it asked for itself. */
  popTopWaitingRequest(reqId: string): ScheduledRequest | undefined;
  hasRequest(reqId: string): boolean;
  /** Whether it was there. */
  removeRequestById(reqId: string): boolean;
  getTopRequestsModelPrefs(): TopRequests;
}

/** First in, first out; whoever's models are busy waits beside. */
export class BasicFIFOScheduler implements RequestScheduler {
  /** Waiting requests are tried before new ones, so that order stays the same and nobody waits for another's model. */
  readonly stepAside: 'specific' | 'all' = 'all';
  readonly #maxQueueSize: number;
  readonly #main = new Map<string, ScheduledRequest>();
  readonly #waiting = new Map<string, ScheduledRequest>();

  /** @param options.maxQueueSize the most in each of its two queues; default unbounded */
  constructor(options: { readonly maxQueueSize?: number } = {}) {
    requireOptions(options);
    validateAmount('maxQueueSize', options.maxQueueSize, 'a number ≥ 0', () => true);
    this.#maxQueueSize = options.maxQueueSize ?? Number.POSITIVE_INFINITY;
  }

  addRequest(request: ScheduledRequest): void {
    if (this.#main.size >= this.#maxQueueSize) throw mainQueueFull(this.#maxQueueSize);
    this.#main.set(request.reqId, request);
  }

  addRequestToWaitQueue(request: ScheduledRequest): void {
    if (this.#waiting.size >= this.#maxQueueSize) throw waitQueueFull(this.#maxQueueSize);
    this.#waiting.set(request.reqId, request);
  }

  popTopNewRequest(): ScheduledRequest | undefined {
    const [first] = this.#main.values();
    if (first !== undefined) this.#main.delete(first.reqId);
    return first;
  }

  popTopWaitingRequest(reqId: string): ScheduledRequest | undefined {
    const request = this.#waiting.get(reqId);
    this.#waiting.delete(reqId);
    return request;
  }

  hasRequest(reqId: string): boolean {
    return this.#main.has(reqId) || this.#waiting.has(reqId);
  }

  removeRequestById(reqId: string): boolean {
    return this.#main.delete(reqId) || this.#waiting.delete(reqId);
  }

  getTopRequestsModelPrefs(): TopRequests {
    const [newRequest] = this.#main.values();
    return { newRequest, waitingRequests: [...this.#waiting.values()] };
  }
}
