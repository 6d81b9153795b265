import type { JsonObject } from '../../../domain/chat.ts';
import type { WireFormatName } from '../../../domain/wire-format.ts';
import type { BatchRequest } from '../batch-request.ts';

/** Endpoints of the Batch format, less `/v1`. */
const FORMATS: Readonly<Record<string, WireFormatName>> = {
  '/chat/completions': 'openai-chat',
  '/responses': 'openai-responses',
  '/embeddings': 'openai-embeddings',
  '/messages': 'anthropic-messages',
};
/** Anthropic refuses a call without a limit; its own examples have this one. */
const ANTHROPIC_MAX_TOKENS = 1024;

/** Endpoints that a batch over deployments may name, for messages. */
export const KNOWN_URLS = Object.keys(FORMATS).map((path) => `/v1${path}`);

/** The wire format that a request is in; undefined for an endpoint that no deployment has. */
export function formatOf({ path }: Pick<BatchRequest, 'path'>): WireFormatName | undefined {
  return FORMATS[path];
}

/**
 * The format and body to send to deployments that speak `formats`. A line that named no endpoint, only a prompt or
 * messages, goes to Anthropic's as well; undefined where the line's own endpoint is none of them.
 */
export function wireFormOf(
  request: BatchRequest,
  formats: ReadonlySet<WireFormatName>,
): { readonly format: WireFormatName; readonly body: JsonObject } | undefined {
  const format = formatOf(request);
  if (format === undefined) return undefined;
  if (formats.has(format)) return { format, body: request.body };
  if (request.isPlain && formats.has('anthropic-messages')) return { format: 'anthropic-messages', body: forAnthropic(request.body) };
  return undefined;
}

/** Anthropic has what the system says beside the messages, and wants a limit on the answer. */
function forAnthropic({ messages, ...rest }: JsonObject): JsonObject {
  const all: readonly unknown[] = Array.isArray(messages) ? messages : [];
  const system = all.filter(isSystem).map(({ content }) => content);
  return {
    max_tokens: ANTHROPIC_MAX_TOKENS,
    ...(system.length > 0 && { system: system.every((text) => typeof text === 'string') ? system.join('\n\n') : system.flat() }),
    ...rest,
    messages: all.filter((message) => !isSystem(message)),
  };
}

function isSystem(message: unknown): message is { readonly content: unknown } {
  return typeof message === 'object' && message !== null && 'role' in message && message.role === 'system' && 'content' in message;
}
