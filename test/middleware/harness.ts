import type { ChatEvent, ChatRequest, ChatStream, CompletionResponse } from '../../src/domain/chat.ts';
import { silentLogger } from '../../src/domain/logger.ts';
import type { MiddlewareContext } from '../../src/middleware/middleware.ts';

export const question: ChatRequest = { messages: [{ role: 'user', content: 'How deep is the lock?' }], stream: false };
export const streamed: ChatRequest = { ...question, stream: true };

export function answer(content = 'Four metres.'): CompletionResponse {
  return {
    content,
    toolCalls: [],
    usage: { promptTokens: 6, completionTokens: 3, totalTokens: 9 },
    model: 'lock-keeper-1',
    provider: 'anthropic',
    finishReason: 'stop',
    metadata: {},
    createdAt: new Date(0),
    clientId: 'anthropic-1',
  };
}

export function context(more: Partial<MiddlewareContext> = {}): MiddlewareContext {
  return { requestId: 'r-1', provider: 'anthropic', model: 'lock-keeper', logger: silentLogger, attempt: 1, ...more };
}

/** A stream of words, which fails after them where an error is given. */
export async function* streamOf(words: readonly string[], error?: Error): AsyncGenerator<ChatEvent> {
  for (const text of words) yield { type: 'text', text };
  if (error) throw error;
  yield { type: 'usage', usage: answer().usage };
  yield { type: 'finish', response: answer(words.join('')) };
}

export async function gather(stream: ChatStream): Promise<ChatEvent[]> {
  const events: ChatEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}
