import type { ChatMessage, ChatRequest, ChatTool, ContentPart, JsonObject, ToolChoice } from '../../domain/chat.ts';
import { textOfMessage } from '../../domain/chat.ts';
import { isJsonObject, listAt } from './json-fields.ts';

/** They refuse `max_tokens` for their newest models; the servers that are compatible with them mostly know nothing else. */
const KNOW_MAX_COMPLETION_TOKENS = /^(openai$|azure)/;

/**
 * The body of `POST /chat/completions`; what the request doesn't say is undefined, and so absent once it is JSON.
 * Source: OpenAI's API reference.
 */
export function encodeOpenAiChat(request: ChatRequest, provider: string): JsonObject {
  const { maxTokens, tools, toolChoice, answerSchema } = request;
  const outputLimit = KNOW_MAX_COMPLETION_TOKENS.test(provider) ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens };
  return {
    model: request.model,
    messages: request.messages.map(messageOf),
    ...outputLimit,
    temperature: request.temperature,
    top_p: request.topP,
    stop: request.stop,
    tools: tools?.map(toolOf),
    tool_choice: toolChoice === undefined ? undefined : choiceOf(toolChoice),
    response_format: answerSchema && {
      type: 'json_schema',
      json_schema: { name: answerSchema.name, schema: answerSchema.schema, strict: fitsStrictMode(answerSchema.schema) },
    },
    stream: request.stream ? true : undefined,
    ...request.extra,
  };
}

function messageOf(message: ChatMessage): JsonObject {
  const { role, toolCalls = [], toolCallId } = message;
  if (role === 'tool') return { role, tool_call_id: toolCallId, content: textOfMessage(message) };
  if (role === 'system') return { role, content: textOfMessage(message) };
  const content = typeof message.content === 'string' ? message.content : message.content.map(partOf);
  if (toolCalls.length === 0) return { role, content };
  const calls = toolCalls.map(({ id, name, arguments: text }) => ({ id, type: 'function', function: { name, arguments: text } }));
  return { role, content: content.length === 0 ? null : content, tool_calls: calls };
}

function partOf(part: ContentPart): JsonObject {
  return part.type === 'text' ? { type: 'text', text: part.text } : { type: 'image_url', image_url: { url: part.url } };
}

function toolOf({ name, description, parameters, strict }: ChatTool): JsonObject {
  return { type: 'function', function: { name, description, parameters, strict } };
}

function choiceOf(choice: ToolChoice): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}

/** What strict mode refuses a schema for. Source: OpenAI's guide to structured outputs. */
const NOT_STRICT = ['allOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'patternProperties'];

/** Strict mode takes only schemas whose objects are closed and require every property. Source: OpenAI's guide to structured outputs. */
export function fitsStrictMode(schema: JsonObject): boolean {
  if (NOT_STRICT.some((word) => word in schema)) return false;
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : undefined;
  if (properties !== undefined) {
    const required = schema['required'];
    const all = Object.keys(properties).every((name) => Array.isArray(required) && required.includes(name));
    if (schema['additionalProperties'] !== false || !all) return false;
  } else if (schema['type'] === 'object') {
    return false;
  }
  const inner = [properties, schema['$defs'], schema['definitions']].filter(isJsonObject).flatMap(Object.values);
  return [...inner, schema['items'], ...listAt(schema, 'anyOf')].filter(isJsonObject).every(fitsStrictMode);
}
