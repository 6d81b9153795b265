import type { WireFormatName } from '../provider.ts';
import { AnthropicReader } from './anthropic-reader.ts';
import { OpenAiChatReader } from './openai-chat-reader.ts';
import { OpenAiResponsesReader } from './openai-responses-reader.ts';
import type { StreamReader } from './stream-reader.ts';

/** A reader for one stream of this format; embeddings are never streamed. */
export function readerFor(format: Exclude<WireFormatName, 'openai-embeddings'>): StreamReader {
  if (format === 'openai-chat') return new OpenAiChatReader();
  return format === 'anthropic-messages' ? new AnthropicReader() : new OpenAiResponsesReader();
}
