import { describe, expect, it } from 'vitest';
import type { ChatRequest, CompletionResponse } from '../../src/domain/chat.ts';
import { RequestCancelled } from '../../src/domain/errors.ts';
import { LoggingMiddleware } from '../../src/middleware/logging-middleware.ts';
import { MetricsMiddleware } from '../../src/middleware/metrics-middleware.ts';
import { type ChatAnswer, isChatStream, Middleware, type MiddlewareContext, type Next } from '../../src/middleware/middleware.ts';
import { MiddlewareChain } from '../../src/middleware/middleware-chain.ts';
import { RateLimitMiddleware } from '../../src/middleware/rate-limit-middleware.ts';
import { RetryMiddleware } from '../../src/middleware/retry-middleware.ts';
import { answer, context, gather, question, streamed, streamOf } from './harness.ts';

/** Writes down when each of its hooks runs. */
class Tracing extends Middleware {
  readonly #name: string;
  readonly #trace: string[];

  constructor(name: string, trace: string[]) {
    super();
    this.#name = name;
    this.#trace = trace;
  }

  override processRequest(request: ChatRequest): ChatRequest {
    this.#trace.push(`${this.#name} request`);
    return request;
  }

  override processResponse(response: CompletionResponse): CompletionResponse {
    this.#trace.push(`${this.#name} response`);
    return response;
  }

  override processError(error: Error): Error {
    this.#trace.push(`${this.#name} error ${error.message}`);
    return error;
  }
}

const answering: Next = async () => answer();
const failing: Next = async () => {
  throw new Error('the gate is stuck');
};

async function streamFrom(chain: MiddlewareChain, next: Next, shared: MiddlewareContext = context()) {
  const made: ChatAnswer = await chain.execute(streamed, next, shared);
  if (!isChatStream(made)) throw new Error('expected a stream');
  return made;
}

describe('the order of middlewares', () => {
  it('is Logging, Metrics, own in the order added, Retry, own per attempt, RateLimit, however they are added', async () => {
    const trace: string[] = [];
    const pass = <V>(line: string, value: V): V => {
      trace.push(line);
      return value;
    };
    const traced = <T extends Middleware>(name: string, middleware: T): T =>
      Object.assign(middleware, {
        processRequest: (request: ChatRequest) => pass(name, request),
        processResponse: (response: CompletionResponse) => pass(`/${name}`, response),
      });
    const chain = new MiddlewareChain()
      .add(traced('limit', new RateLimitMiddleware({ requestsPerMinute: 1 })))
      .add(traced('attempt', new Middleware()), { perAttempt: true })
      .add(traced('retry', new RetryMiddleware()))
      .add(traced('first', new Middleware()))
      .add(traced('metrics', new MetricsMiddleware()))
      .add(async (request, next, shared) => {
        trace.push('second');
        const made = await next(request);
        trace.push(`/second ${shared.requestId}`);
        return made;
      })
      .add(traced('logging', new LoggingMiddleware()));

    await chain.execute(question, answering, context());

    const way = ['logging', 'metrics', 'first', 'second', 'retry', 'attempt', 'limit'];
    expect(trace).toEqual([...way, ...way.map((name) => (name === 'second' ? '/second r-1' : `/${name}`)).reverse()]);
  });

  it('lets errors pass in reverse, and cuts at Retry what runs for each attempt', async () => {
    const trace: string[] = [];
    const chain = new MiddlewareChain()
      .add(new Tracing('inner', trace), { perAttempt: true })
      .add(new Tracing('a', trace))
      .add(new Tracing('b', trace))
      .add(new RetryMiddleware());

    await expect(chain.execute(question, failing, context())).rejects.toThrow('the gate is stuck');
    expect(trace.slice(3)).toEqual(['inner error the gate is stuck', 'b error the gate is stuck', 'a error the gate is stuck']);

    trace.length = 0;
    const { perRequest, perAttempt } = chain.split();
    let attempts = 0;
    const twice: Next = async (request) => {
      await perAttempt(request, failing, context()).catch(() => (attempts += 1));
      return perAttempt(request, answering, context());
    };
    await perRequest(question, twice, context());
    expect(attempts).toBe(1);
    expect(trace).toEqual([
      'a request',
      'b request',
      'inner request',
      'inner error the gate is stuck',
      'inner request',
      'inner response',
      'b response',
      'a response',
    ]);
  });

  it('finds by class, removes by instance, and takes the same instance once', () => {
    const metrics = new MetricsMiddleware();
    const chain = new MiddlewareChain().add(metrics).add(metrics);

    expect(chain.getMiddleware(MetricsMiddleware)).toBe(metrics);
    expect(chain.all(MetricsMiddleware)).toEqual([metrics]);
    expect(() => Reflect.apply(Array.prototype.pop, chain.all(MetricsMiddleware), [])).toThrow(TypeError);
    expect(chain.getMiddleware(MetricsMiddleware)).toBe(metrics);
    expect(chain.getMiddleware(RetryMiddleware)).toBeUndefined();
    expect(chain.remove(metrics)).toBe(true);
    expect(chain.remove(metrics)).toBe(false);
    expect(chain.getMiddleware(MetricsMiddleware)).toBeUndefined();
    // @ts-expect-error a plain object has no hooks that anybody would notice missing
    expect(() => chain.add({ processRequst: () => {} })).toThrow('extends Middleware');
  });
});

describe('hooks', () => {
  it('share a context, and may change request and response', async () => {
    class Custom extends Middleware {
      override processRequest(request: ChatRequest, shared: MiddlewareContext): ChatRequest {
        shared['customData'] = 'value';
        return { ...request, temperature: 0 };
      }
      override processResponse(response: CompletionResponse, shared: MiddlewareContext): CompletionResponse {
        response.metadata['custom'] = shared['customData'];
        return response;
      }
    }
    const seen: ChatRequest[] = [];
    const noting: Next = async (request) => {
      seen.push(request);
      return answer();
    };
    const made = await new MiddlewareChain().add(new Custom()).execute(question, noting, context());

    expect(seen).toEqual([{ ...question, temperature: 0 }]);
    expect(made).toMatchObject({ metadata: { custom: 'value' } });
  });

  it('an error hook passes on, exchanges or answers an error', async () => {
    const run = (processError: Middleware['processError']) =>
      new MiddlewareChain().add(Object.assign(new Middleware(), { processError })).execute(question, failing, context());

    await expect(run(() => null)).rejects.toThrow('the gate is stuck');
    await expect(run(() => new Error('another'))).rejects.toThrow('another');
    await expect(run(() => answer('Closed.'))).resolves.toMatchObject({ content: 'Closed.' });
  });

  it('farther out see what a hook throws as an error, and no other request does', async () => {
    const trace: string[] = [];
    const broken = Object.assign(new Middleware(), {
      processResponse: (response: CompletionResponse, { requestId }: MiddlewareContext) => {
        if (requestId === 'bad') throw new Error('my hook broke');
        return response;
      },
      processError: () => answer('never: its own errors are not its to answer'),
    });
    const chain = new MiddlewareChain().add(new Tracing('outer', trace)).add(broken);

    const [bad, good] = await Promise.allSettled([
      chain.execute(question, answering, context({ requestId: 'bad' })),
      chain.execute(question, answering, context({ requestId: 'good' })),
    ]);

    expect(bad).toMatchObject({ status: 'rejected', reason: { message: 'my hook broke' } });
    expect(good.status).toBe('fulfilled');
    expect(trace).toEqual(['outer request', 'outer request', 'outer error my hook broke', 'outer response']);
  });
});

describe('streams', () => {
  it('pass through hooks and onions, and end in the response', async () => {
    const trace: string[] = [];
    const chain = new MiddlewareChain().add(new Tracing('hooks', trace)).add(async (request, next) => {
      const inner = await next(request);
      if (!isChatStream(inner)) return inner;
      return (async function* () {
        for await (const event of inner) yield event.type === 'text' ? { ...event, text: event.text.toUpperCase() } : event;
      })();
    });

    const events = await gather(await streamFrom(chain, async () => streamOf(['four ', 'metres'])));

    expect(events.map((event) => (event.type === 'text' ? event.text : event.type))).toEqual(['FOUR ', 'METRES', 'usage', 'finish']);
    expect(trace).toEqual(['hooks request', 'hooks response']);
  });

  it('an error before anything was delivered can be answered, one after it cannot', async () => {
    const rescue = Object.assign(new Middleware(), { processError: () => answer('Closed.') });
    const chain = new MiddlewareChain().add(rescue);

    const early = await gather(await streamFrom(chain, async () => streamOf([], new Error('broke'))));
    expect(early.map(({ type }) => type)).toEqual(['text', 'usage', 'finish']);
    const refusedAtOnce = await gather(await streamFrom(chain, failing));
    expect(refusedAtOnce.map(({ type }) => type)).toEqual(['text', 'usage', 'finish']);

    const seen: string[] = [];
    const late = async () => {
      for await (const event of await streamFrom(chain, async () => streamOf(['four '], new Error('broke')))) seen.push(event.type);
    };
    await expect(late()).rejects.toThrow('broke');
    expect(seen).toEqual(['text']);
  });

  it('a consumer who leaves gives up the call, and hooks hear of it', async () => {
    const errors: Error[] = [];
    const noting = Object.assign(new Middleware(), {
      processError: (error: Error) => {
        errors.push(error);
        return null;
      },
    });
    let givenUp = false;
    async function* endless() {
      try {
        for (;;) yield { type: 'text' as const, text: 'more ' };
      } finally {
        givenUp = true;
      }
    }
    for await (const _ of await streamFrom(new MiddlewareChain().add(noting), async () => endless())) break;

    expect(givenUp).toBe(true);
    expect(errors).toEqual([expect.any(RequestCancelled)]);
  });
});
