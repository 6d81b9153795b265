/** A request's and response's form on the wire. */
export type WireFormatName = 'openai-chat' | 'openai-responses' | 'openai-embeddings' | 'anthropic-messages';
