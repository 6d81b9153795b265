import type { ChatEvent, ChatStream, CompletionResponse } from '../domain/chat.ts';
import { RequestCancelled, textOf } from '../domain/errors.ts';
import { answerAsStream } from './answer-as-stream.ts';
import { isChatStream, type Middleware, type MiddlewareContext, type OnionMiddleware } from './middleware.ts';

/** A middleware with hooks, as an onion. */
export function asOnion(middleware: Middleware): OnionMiddleware {
  return async (request, next, context) => {
    // What its own request hook throws is for the middlewares farther out: it has begun nothing that it could end.
    const prepared = (await middleware.processRequest?.(request, context)) ?? request;
    const answer = await next(prepared).catch(async (thrown: unknown) => {
      const response = await answerOf(middleware, asError(thrown), context);
      return { response };
    });
    if ('response' in answer) return request.stream ? answerAsStream(answer.response) : answer.response;
    if (isChatStream(answer)) return hookedStream(middleware, answer, context);
    return (await middleware.processResponse?.(answer, context)) ?? answer;
  };
}

/** The response that the hook makes of an error; otherwise throws the error that goes on. */
async function answerOf(middleware: Middleware, error: Error, context: MiddlewareContext): Promise<CompletionResponse> {
  const made = (await middleware.processError?.(error, context)) ?? error;
  if (made instanceof Error) throw made;
  return made;
}

async function* hookedStream(middleware: Middleware, stream: ChatStream, context: MiddlewareContext): AsyncGenerator<ChatEvent> {
  const reader = stream[Symbol.asyncIterator]();
  let delivered = false;
  let ended = false;
  try {
    for (;;) {
      const step = await reader.next().catch(async (thrown: unknown) => {
        ended = true;
        const error = asError(thrown);
        const response = await answerOf(middleware, error, context);
        if (delivered) throw error;
        return { response };
      });
      if ('response' in step) return yield* answerAsStream(step.response);
      if (step.done) return;
      const event = step.value;
      delivered = true;
      if (event.type === 'finish') {
        ended = true;
        yield { type: 'finish', response: (await middleware.processResponse?.(event.response, context)) ?? event.response };
      } else {
        yield event;
      }
    }
  } finally {
    if (!ended) await leave(middleware, reader, context);
    else await reader.return?.();
  }
}

/** The consumer has left: the call is given up, and the middleware may end what it began. */
async function leave(middleware: Middleware, reader: AsyncIterator<ChatEvent>, context: MiddlewareContext): Promise<void> {
  try {
    await reader.return?.();
  } finally {
    try {
      await middleware.processError?.(new RequestCancelled(context.requestId, 'its consumer left the stream'), context);
    } catch {
      // There is nobody left to tell.
    }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(textOf(thrown), { cause: thrown });
}
