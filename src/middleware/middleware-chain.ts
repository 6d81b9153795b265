import { validateOptions } from '../config/validate.ts';
import type { ChatRequest } from '../domain/chat.ts';
import { InvalidConfiguration, InvalidRequest } from '../domain/errors.ts';
import { LoggingMiddleware } from './logging-middleware.ts';
import { MetricsMiddleware } from './metrics-middleware.ts';
import { type ChatAnswer, Middleware, type MiddlewareContext, type Next, type OnionMiddleware } from './middleware.ts';
import { RateLimitMiddleware } from './rate-limit-middleware.ts';
import { RetryMiddleware } from './retry-middleware.ts';
import { asOnion } from './run-hooks.ts';

export interface AddOptions {
  /** Inside Retry: it runs once for each attempt instead of once for each request. Default false. */
  readonly perAttempt?: boolean;
}

interface Link {
  readonly middleware: Middleware | OnionMiddleware;
  readonly run: OnionMiddleware;
  readonly place: number;
}

/** Runs a part of the chain around `next`. */
export type Run = (request: ChatRequest, next: Next, context: MiddlewareContext) => Promise<ChatAnswer>;

/** What runs once for a request, and what runs for each of its attempts. */
interface SplitChain {
  readonly perRequest: Run;
  readonly perAttempt: Run;
}

/** Places in the chain, outermost first. */
const LOGGING = 0;
const METRICS = 1;
const OWN = 2;
const RETRY = 3;
const OWN_PER_ATTEMPT = 4;
const RATE_LIMIT = 5;

/**
 * A client's middlewares. Whatever the order they are added in, requests pass Logging, Metrics, the user's own (in the
 * order added), Retry, the user's own per attempt, RateLimit; responses and errors pass them in reverse.
 */
export class MiddlewareChain {
  #links: readonly Link[] = [];
  /** What is derived of the links, until they change: every request asks for it. */
  #split: SplitChain | undefined;
  #byClass = new WeakMap<object, readonly Middleware[]>();

  /** The same instance again changes nothing. Changes hold for requests that start later. */
  add(middleware: Middleware | OnionMiddleware, options: AddOptions = {}): this {
    if (typeof middleware !== 'function' && !(middleware instanceof Middleware)) {
      throw new InvalidConfiguration('middlewareChain.add: expected an instance of a class that extends Middleware, or a function.');
    }
    validateOptions('middlewareChain.add', options);
    if (this.#links.some((link) => link.middleware === middleware)) return this;
    const run = typeof middleware === 'function' ? middleware : asOnion(middleware);
    const place = placeOf(middleware, options.perAttempt ?? false);
    // A stable sort keeps the order of adding among equals.
    this.#change([...this.#links, { middleware, run, place }].sort((a, b) => a.place - b.place));
    return this;
  }

  /** False when it was not there. */
  remove(middleware: Middleware | OnionMiddleware): boolean {
    const left = this.#links.filter((link) => link.middleware !== middleware);
    const found = left.length < this.#links.length;
    this.#change(left);
    return found;
  }

  /** The outermost middleware of a class. */
  getMiddleware<M extends Middleware>(kind: abstract new (...args: never[]) => M): M | undefined {
    return this.all(kind)[0];
  }

  /** Every middleware of a class, outermost first. */
  all<M extends Middleware>(kind: abstract new (...args: never[]) => M): readonly M[] {
    if (typeof kind !== 'function' || kind.prototype === undefined)
      throw new InvalidRequest('middlewareChain.getMiddleware: expected a class that extends Middleware.', 'kind');
    const isKind = (middleware: Middleware | OnionMiddleware): middleware is M => middleware instanceof kind;
    const known = this.#byClass.get(kind);
    if (known !== undefined) return known as readonly M[]; // kept under its class
    // Frozen: it is the same for everyone who asks.
    const found = Object.freeze(this.#links.map(({ middleware }) => middleware).filter(isKind));
    this.#byClass.set(kind, found);
    return found;
  }

  /** Runs the whole chain once around `next`. */
  execute(request: ChatRequest, next: Next, context: MiddlewareContext): Promise<ChatAnswer> {
    return around(this.#links)(request, next, context);
  }

  /** The chain as it is now, cut at Retry: what runs once for a request, and what runs for each of its attempts. */
  split(): SplitChain {
    this.#split ??= {
      perRequest: around(this.#links.filter(({ place }) => place <= RETRY)),
      perAttempt: around(this.#links.filter(({ place }) => place > RETRY)),
    };
    return this.#split;
  }

  #change(links: readonly Link[]): void {
    this.#links = links;
    this.#split = undefined;
    this.#byClass = new WeakMap();
  }
}

function placeOf(middleware: Middleware | OnionMiddleware, perAttempt: boolean): number {
  if (middleware instanceof LoggingMiddleware) return LOGGING;
  if (middleware instanceof MetricsMiddleware) return METRICS;
  if (middleware instanceof RetryMiddleware) return RETRY;
  if (middleware instanceof RateLimitMiddleware) return RATE_LIMIT;
  return perAttempt ? OWN_PER_ATTEMPT : OWN;
}

function around(links: readonly Link[]): Run {
  return async (request, next, context) => {
    const from = (index: number): Next => {
      const link = links[index];
      if (link === undefined) return next;
      // Async, so that a middleware that throws before it returns a promise is caught like any other.
      return async (passed) => checked(await link.run(passed, from(index + 1), context));
    };
    return from(0)(request);
  };
}

/** A middleware that forgets to return what `next` gave is told so, and not by whoever trips over nothing. */
function checked(answer: ChatAnswer): ChatAnswer {
  if (typeof answer === 'object' && answer !== null) return answer;
  throw new InvalidRequest('A middleware returned no answer: return what next() gave, or a response or stream of its own.', 'middleware');
}
