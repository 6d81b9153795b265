/** One conversation with a model, whatever the wire format: what clients, middleware and codecs share. */

/** Who speaks. `developer` messages of newer OpenAI models are `system` here. */
export const MessageRole = {
  SYSTEM: 'system',
  USER: 'user',
  ASSISTANT: 'assistant',
  /** The result of a tool call. */
  TOOL: 'tool',
} as const;

export type MessageRole = (typeof MessageRole)[keyof typeof MessageRole];

export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

export interface ImagePart {
  readonly type: 'image';
  /** An `https:` address, or a `data:` address with base64. */
  readonly url: string;
}

export type ContentPart = TextPart | ImagePart;

/** A model asks for a tool. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it: it may be broken. */
  readonly arguments: string;
}

/** One message as a plain object. */
export interface ChatMessage {
  readonly role: MessageRole;
  readonly content: string | readonly ContentPart[];
  /** What an assistant's message asks for. */
  readonly toolCalls?: readonly ToolCall[] | undefined;
  /** Which call a `tool` message answers. */
  readonly toolCallId?: string | undefined;
  /** The caller's own; never sent. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** A JSON schema, or any other JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A tool that the model may call. */
export interface ChatTool {
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON schema of its arguments. */
  readonly parameters: JsonObject;
  /** The arguments fit the schema for certain; default: the provider's. */
  readonly strict?: boolean | undefined;
}

export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

/** What a model is asked. What is undefined is left to the provider. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Default: the deployment's. */
  readonly model?: string | undefined;
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  readonly tools?: readonly ChatTool[] | undefined;
  readonly toolChoice?: ToolChoice | undefined;
  /** The answer has to fit this JSON schema. */
  readonly answerSchema?: { readonly name: string; readonly schema: JsonObject } | undefined;
  readonly stream: boolean;
  /** Fields of the provider's own, sent as they are; they win over what is derived from the other fields. */
  readonly extra?: JsonObject | undefined;
}

/** Tokens of one completion. */
export interface ChatUsage {
  /** Everything that was read, cached or not. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  /** Part of the prompt that came from the provider's cache. */
  readonly cachedPromptTokens?: number | undefined;
  /** Part of the completion that was thinking. */
  readonly reasoningTokens?: number | undefined;
  /** True where the provider said nothing and it was estimated. */
  readonly estimated?: boolean | undefined;
}

/** Why a model stopped; the provider's own word is in the response's metadata. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'other';

/** A completed answer. */
export interface CompletionResponse {
  /** The text; empty where the model only calls tools. */
  readonly content: string;
  readonly toolCalls: readonly ToolCall[];
  readonly usage: ChatUsage;
  /** The model as the provider names it. */
  readonly model: string;
  readonly provider: string;
  readonly finishReason: FinishReason;
  /** The provider's id and own reason to stop, and whatever middleware writes into it. */
  readonly metadata: Record<string, unknown>;
  readonly createdAt: Date;
  /** The deployment that answered. */
  readonly clientId: string;
}

/** What happens in a stream, in this order: any number of text and tool events, usage once, finish last. */
export type ChatEvent =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'tool-call-delta';
      /** Which call of the answer, counted from 0. */
      readonly index: number;
      /** On a call's first delta only. */
      readonly id?: string | undefined;
      readonly name?: string | undefined;
      /** More of the arguments' JSON text; may be empty. */
      readonly arguments: string;
    }
  | { readonly type: 'usage'; readonly usage: ChatUsage }
  /** The whole answer; nothing comes after it. */
  | { readonly type: 'finish'; readonly response: CompletionResponse };

/** An answer as it is made. Read it once; leaving the loop aborts the call. */
export type ChatStream = AsyncIterable<ChatEvent>;

/** A message's text, of all its parts. */
export function textOfMessage({ content }: Pick<ChatMessage, 'content'>): string {
  return typeof content === 'string' ? content : content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
