import type { ChatEvent, CompletionResponse } from '../domain/chat.ts';

/** An answer that is there already, for whoever wants a stream. */
export async function* answerAsStream(response: CompletionResponse): AsyncGenerator<ChatEvent> {
  if (response.content !== '') yield { type: 'text', text: response.content };
  for (const [index, call] of response.toolCalls.entries()) yield { type: 'tool-call-delta', index, ...call };
  yield { type: 'usage', usage: response.usage };
  yield { type: 'finish', response };
}
