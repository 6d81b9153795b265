import { type ChatMessage, type ContentPart, MessageRole, type ToolCall } from '../../domain/chat.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import { requireObject } from '../check-input.ts';

/** What may be added to a message. */
export interface MessageExtras {
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
}

/** One message of a conversation. The plain object `{ role, content }` will do as well. */
export class Message implements ChatMessage {
  readonly role: MessageRole;
  readonly content: string | readonly ContentPart[];
  /** The caller's own; never sent. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly toolCalls: readonly ToolCall[] | undefined;
  readonly toolCallId: string | undefined;

  constructor(
    role: MessageRole,
    content: string | readonly ContentPart[],
    metadata: Readonly<Record<string, unknown>> = {},
    extras: MessageExtras = {},
  ) {
    requireObject('extras', extras);
    this.role = role;
    this.content = content;
    this.metadata = metadata;
    this.toolCalls = extras.toolCalls;
    this.toolCallId = extras.toolCallId;
  }
}

/** What a client takes as a conversation; a text is one user message. */
export type Conversation = string | readonly ChatMessage[];

const ROLES: ReadonlySet<string> = new Set(Object.values(MessageRole));

/** Checks a conversation. Throws `InvalidRequest` that names the message; its text is not shown. */
export function messagesOf(conversation: Conversation): readonly ChatMessage[] {
  if (typeof conversation === 'string') return [{ role: 'user', content: conversation }];
  if (!Array.isArray(conversation) || conversation.length === 0) {
    throw new InvalidRequest('Messages: expected a text, or a list of at least one message.', 'messages');
  }
  conversation.forEach((message: unknown, index) => {
    const problem = messageProblem(message);
    if (problem === undefined) return;
    throw new InvalidRequest(
      `Messages: 'messages[${index}]${problem.path}': expected ${problem.expected}.`,
      `messages[${index}]${problem.path}`,
    );
  });
  return conversation;
}

/** What is wrong with a message; undefined: nothing. */
export function messageProblem(message: unknown): { readonly path: string; readonly expected: string } | undefined {
  if (typeof message !== 'object' || message === null) return { path: '', expected: 'a message with role and content' };
  const role = Reflect.get(message, 'role');
  if (typeof role !== 'string' || !ROLES.has(role)) return { path: '.role', expected: `one of ${[...ROLES].join(', ')}` };
  const content: unknown = Reflect.get(message, 'content');
  if (typeof content !== 'string' && !(Array.isArray(content) && content.every(isPart))) {
    return { path: '.content', expected: 'a text, or a list of { type: text, text } and { type: image, url }' };
  }
  if (role === 'tool' && typeof Reflect.get(message, 'toolCallId') !== 'string') {
    return { path: '.toolCallId', expected: 'the id of the tool call that it answers' };
  }
  const toolCalls: unknown = Reflect.get(message, 'toolCalls');
  if (toolCalls !== undefined && !(Array.isArray(toolCalls) && toolCalls.every(isToolCall))) {
    return { path: '.toolCalls', expected: 'a list of { id, name, arguments }, all texts' };
  }
  return undefined;
}

function isToolCall(call: unknown): boolean {
  return (
    typeof call === 'object' && call !== null && ['id', 'name', 'arguments'].every((field) => typeof Reflect.get(call, field) === 'string')
  );
}

function isPart(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { type, text, url } = part as Readonly<Record<string, unknown>>;
  return (type === 'text' && typeof text === 'string') || (type === 'image' && typeof url === 'string');
}
