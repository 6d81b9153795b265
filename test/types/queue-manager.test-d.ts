import type { Observable } from 'rxjs';
import { describe, expectTypeOf, it } from 'vitest';
import {
  type CompletedResponse,
  type EngineEvent,
  type FailedResponse,
  type FailureReason,
  type ModelConfig,
  type Processor,
  type ProcessorContext,
  QueueManager,
  type QueueManagerOptions,
  QueueRequest,
  type QueueResponse,
  type RateLimiterConfig,
  RateLimiterType,
  type RequestHandle,
  type RequestStatus,
  type StatusChange,
} from '../../src/index.ts';

interface Prompt {
  readonly prompt: string;
}
interface Answer {
  readonly text: string;
}

const manager = new QueueManager<Prompt, Answer>();

describe('QueueManager<P, R>', () => {
  it('types params and results through submit, submitRequest and getStatus', () => {
    expectTypeOf(manager.submit({ modelId: 'm', params: { prompt: 'x' } })).toEqualTypeOf<RequestHandle<Answer>>();
    expectTypeOf(manager.submitRequest({ modelId: 'm', params: { prompt: 'x' } })).resolves.toEqualTypeOf<QueueResponse<Answer>>();
    expectTypeOf(manager.getStatus('m', 'id')).toEqualTypeOf<QueueResponse<Answer> | null>();
    expectTypeOf(manager.submit(new QueueRequest<Prompt>({ modelId: 'm' })).response).resolves.toEqualTypeOf<QueueResponse<Answer>>();
  });

  it('types the processor', () => {
    manager.registerQueue({ modelId: 'm', rateLimit: 1 }, (request, context) => {
      expectTypeOf(request.params).toEqualTypeOf<Prompt>();
      expectTypeOf(context).toEqualTypeOf<ProcessorContext>();
      return { text: request.params.prompt };
    });
    expectTypeOf<Processor<Prompt, Answer>>().parameter(0).toEqualTypeOf<QueueRequest<Prompt>>();
    expectTypeOf<Processor<Prompt, Answer>>().returns.toEqualTypeOf<Promise<Answer> | Answer>();
  });

  it('refuses params and results of another kind', () => {
    // @ts-expect-error the prompt is missing
    manager.submit({ modelId: 'other', params: { promt: 'x' } });
    // @ts-expect-error an answer has a text
    manager.registerQueue({ modelId: 'other', rateLimit: 1 }, async () => ({ txt: 1 }));
  });

  it('lets an untyped manager take any call', () => {
    const open = QueueManager.getInstance();
    expectTypeOf(open.submit<number, string>({ modelId: 'other', params: 5 })).toEqualTypeOf<RequestHandle<string>>();
    // @ts-expect-error params are a number here
    open.submit<number, string>({ modelId: 'other', params: 'five' });
    const limits = [{ type: 'rpm', limit: 5 }] as const;
    open.registerQueue({ modelId: 'm', rateLimiters: limits }, (_request, { logger }) => logger.info('started'));
  });

  it('is of unknown by default', () => {
    expectTypeOf(QueueManager.getInstance()).toEqualTypeOf<QueueManager>();
    expectTypeOf(new QueueManager().getStatus('m', 'id')).toEqualTypeOf<QueueResponse<unknown> | null>();
  });

  it('refuses what is no input', () => {
    // @ts-expect-error a request names its model
    manager.submit({ params: { prompt: 'x' } });
    // @ts-expect-error misspelt
    manager.submit({ modelId: 'm', prio: 5 });
    expectTypeOf<QueueManagerOptions>().toHaveProperty('historySize');
  });
});

describe('QueueResponse<R>', () => {
  const response = {} as QueueResponse<Answer>;

  it('narrows by status', () => {
    if (response.status === 'completed') {
      expectTypeOf(response).toEqualTypeOf<CompletedResponse<Answer>>();
      expectTypeOf(response.result).toEqualTypeOf<Answer>();
    } else if (response.status === 'failed') {
      expectTypeOf(response).toEqualTypeOf<FailedResponse>();
      expectTypeOf(response.reason).toEqualTypeOf<FailureReason>();
      expectTypeOf(response.error).toEqualTypeOf<string>();
      expectTypeOf(response.code).toEqualTypeOf<string>();
      expectTypeOf(response.cause).toEqualTypeOf<Error>();
    } else {
      expectTypeOf(response.status).toEqualTypeOf<'pending' | 'processing'>();
    }
    expectTypeOf(response.result).toEqualTypeOf<Answer | undefined>();
    expectTypeOf(response.attempts).toEqualTypeOf<number>();
    expectTypeOf<FailureReason>().toEqualTypeOf<'error' | 'timeout' | 'cancelled' | 'rejected' | 'shutdown'>();
  });
});

describe('what is watched', () => {
  it('streams', () => {
    expectTypeOf(manager.submit({ modelId: 'm' }).status$).toEqualTypeOf<Observable<StatusChange>>();
    expectTypeOf<StatusChange['status']>().toEqualTypeOf<'pending' | 'processing' | 'completed' | 'failed'>();
    expectTypeOf(manager.events$).toEqualTypeOf<Observable<EngineEvent>>();
    const event = {} as EngineEvent;
    if (event.type === 'request-failed') expectTypeOf(event.reason).toEqualTypeOf<FailureReason>();
    if (event.type === 'limit-paused') expectTypeOf(event.until).toEqualTypeOf<number>();
  });

  it('the request’s actor', () => {
    const snapshot = manager.submit({ modelId: 'm' }).actor.getSnapshot();
    expectTypeOf(snapshot.value).toEqualTypeOf<RequestStatus>();
    expectTypeOf(snapshot.context.attempt).toEqualTypeOf<number>();
    expectTypeOf(snapshot.matches('pending')).toEqualTypeOf<boolean>();
  });
});

describe('configuration', () => {
  it('takes both forms of limits and names every type', () => {
    expectTypeOf({ modelId: 'm', rateLimit: 5 }).toExtend<ModelConfig>();
    expectTypeOf({ modelId: 'm', rateLimiters: [{ type: RateLimiterType.RPM, limit: 5 }] }).toExtend<ModelConfig>();
    expectTypeOf<RateLimiterConfig['type']>().toEqualTypeOf<'rpm' | 'rpd' | 'tpm' | 'tpd' | 'itpm' | 'otpm' | 'concurrent'>();
    // @ts-expect-error no such type
    const wrong: RateLimiterConfig = { type: 'rps', limit: 5 };
    void wrong;
  });
});
