import type { ChatMessage, ChatRequest, ChatTool, ContentPart, JsonObject, ToolChoice } from '../../domain/chat.ts';
import { textOfMessage } from '../../domain/chat.ts';
import { imageBlock, toolInput } from './anthropic-blocks.ts';

/** The API requires a limit; the module that this replaces had the same default. */
const DEFAULT_MAX_TOKENS = 1024;

/**
 * The body of `POST /v1/messages`; what the request doesn't say is undefined, and so absent once it is JSON.
 * Source: Anthropic's API reference.
 */
export function encodeAnthropicMessages(request: ChatRequest): JsonObject {
  const { messages, tools = [], answerSchema } = request;
  const system = messages.filter(({ role }) => role === 'system').map(textOfMessage);
  const allTools = [...tools.map(toolOf), ...(answerSchema ? [{ name: answerSchema.name, input_schema: answerSchema.schema }] : [])];
  // An answer that has to fit a schema is asked for as the input of a tool that must be called.
  const choice = answerSchema === undefined ? request.toolChoice : { name: answerSchema.name };
  return {
    model: request.model,
    max_tokens: request.maxTokens ?? DEFAULT_MAX_TOKENS,
    system: system.length > 0 ? system.join('\n\n') : undefined,
    messages: turns(messages.filter(({ role }) => role !== 'system')),
    temperature: request.temperature,
    top_p: request.topP,
    stop_sequences: request.stop,
    tools: allTools.length > 0 ? allTools : undefined,
    tool_choice: choice === undefined ? undefined : choiceOf(choice),
    stream: request.stream ? true : undefined,
    ...request.extra,
  };
}

/** The results of calls that were made together belong into one turn. */
function turns(messages: readonly ChatMessage[]): readonly JsonObject[] {
  const made: JsonObject[] = [];
  let results: JsonObject[] | undefined;
  for (const message of messages) {
    if (message.role !== 'tool') {
      results = undefined;
      made.push({ role: message.role, content: contentOf(message) });
      continue;
    }
    if (results === undefined) {
      results = [];
      made.push({ role: 'user', content: results });
    }
    results.push({ type: 'tool_result', tool_use_id: message.toolCallId, content: textOfMessage(message) });
  }
  return made;
}

function contentOf({ content, toolCalls = [] }: ChatMessage): unknown {
  if (typeof content === 'string' && toolCalls.length === 0) return content;
  const parts: readonly ContentPart[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  // The API refuses empty texts.
  const blocks = parts.filter((part) => part.type !== 'text' || part.text !== '').map(blockOf);
  return [...blocks, ...toolCalls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: toolInput(call.arguments) }))];
}

function blockOf(part: ContentPart): JsonObject {
  return part.type === 'text' ? { type: 'text', text: part.text } : imageBlock(part.url);
}

function toolOf({ name, description, parameters, strict }: ChatTool): JsonObject {
  return { name, description, input_schema: parameters, strict };
}

function choiceOf(choice: ToolChoice): JsonObject {
  if (typeof choice === 'object') return { type: 'tool', name: choice.name };
  return { type: choice === 'required' ? 'any' : choice };
}
