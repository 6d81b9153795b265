import { type ChatMessage, textOfMessage } from '../../domain/chat.ts';

/** Messages that belong together: one, or a message that calls tools with the results of its calls. */
export type MessageGroup = readonly ChatMessage[];

/** A role and separators cost some tokens of their own; as OpenAI's cookbook counts. */
const TOKENS_AROUND_A_MESSAGE = 4;

export interface TrimLimits {
  readonly maxMessages: number;
  readonly maxTokens: number;
  readonly countTokens: (text: string) => number;
}

/** Puts each tool result to the call it answers. */
export function grouped(messages: readonly ChatMessage[]): MessageGroup[] {
  const groups: ChatMessage[][] = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (message.role === 'tool' && last !== undefined && callsTools(last[0])) last.push(message);
    else groups.push([message]);
  }
  return groups;
}

/**
 * Drops the oldest groups until the rest fits, and then those before the first question: an answer to nothing means
 * nothing. The newest group stays, however large.
 * @param reserved what the system prompt takes
 */
export function trimmed(
  groups: readonly MessageGroup[],
  limits: TrimLimits,
  reserved: { messages: number; tokens: number },
): MessageGroup[] {
  let messages = reserved.messages;
  let tokens = reserved.tokens;
  let from = groups.length;
  for (const [index, group] of [...groups.entries()].reverse()) {
    messages += group.length;
    tokens += tokensOf(group, limits.countTokens);
    if (index < groups.length - 1 && (messages > limits.maxMessages || tokens > limits.maxTokens)) break;
    from = index;
  }
  if (from === 0) return [...groups];
  const question = groups.findIndex((group, index) => index >= from && group[0]?.role === 'user');
  return groups.slice(question < 0 ? groups.length - 1 : question);
}

export function tokensOf(group: MessageGroup, countTokens: (text: string) => number): number {
  return group.reduce((sum, message) => {
    const calls = (message.toolCalls ?? []).map(({ name, arguments: text }) => name + text).join('');
    return sum + Math.ceil(countTokens(textOfMessage(message) + calls)) + TOKENS_AROUND_A_MESSAGE;
  }, 0);
}

function callsTools(message: ChatMessage | undefined): boolean {
  return message?.role === 'assistant' && (message.toolCalls?.length ?? 0) > 0;
}
