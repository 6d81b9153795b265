import type { ChatMessage, CompletionResponse, ContentPart, MessageRole } from '../../domain/chat.ts';
import { InvalidRequest, textOf } from '../../domain/errors.ts';
import { isTokenCount } from '../../domain/limit-types.ts';
import { messageProblem } from '../llm/message.ts';
import { grouped, type TrimLimits, tokensOf, trimmed } from './message-groups.ts';
import type { SessionData } from './session-data.ts';

/** What a conversation has used. */
export interface SessionUsage {
  readonly requests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
}

const COUNTS = ['promptTokens', 'completionTokens', 'totalTokens'] as const;
const NOTHING_USED: SessionUsage = { requests: 0, promptTokens: 0, completionTokens: 0, totalTokens: 0 };

/** One conversation: its system prompt, its messages, what it has used. Keeps no more than its limits allow. */
export class Session {
  readonly name: string;
  readonly #limits: TrimLimits;
  #systemPrompt: string | undefined;
  #messages: readonly ChatMessage[] = [];
  #usage = NOTHING_USED;

  constructor(name: string, limits: TrimLimits, data?: Partial<SessionData>) {
    this.name = name;
    this.#limits = limits;
    this.#usage = data?.usage ?? NOTHING_USED;
    this.#set(data?.systemPrompt, data?.messages ?? []);
  }

  get systemPrompt(): string | undefined {
    return this.#systemPrompt;
  }

  /** Stands before all messages and is never trimmed; undefined takes it away. */
  setSystemPrompt(text: string | undefined): void {
    if (text !== undefined && typeof text !== 'string') refuse('systemPrompt', text, 'a text');
    this.#set(text, this.#messages);
  }

  /** Adds a message, and drops the oldest ones that don't fit any more. A system message becomes the system prompt. Throws `InvalidRequest` for what is no message. */
  addMessage(role: MessageRole, content: string | readonly ContentPart[], more: Omit<ChatMessage, 'role' | 'content'> = {}): void {
    if (role === 'system' && typeof content === 'string') return this.setSystemPrompt(content);
    const message = { role, content, ...more };
    const problem = messageProblem(message);
    if (problem !== undefined)
      throw new InvalidRequest(`Sessions: 'message${problem.path}': expected ${problem.expected}.`, problem.path.slice(1));
    this.#set(this.#systemPrompt, [...this.#messages, message]);
  }

  /** Adds a client's answer with the tools it calls, and counts what it used. Throws `InvalidRequest` for what is no answer. */
  addResponse(response: Pick<CompletionResponse, 'content' | 'usage'> & Partial<Pick<CompletionResponse, 'toolCalls'>>): void {
    if (typeof response !== 'object' || response === null) refuse('response', response, 'an answer of a client');
    const { content, toolCalls, usage } = response;
    if (typeof usage !== 'object' || usage === null) refuse('usage', usage, 'what the answer used');
    for (const field of COUNTS) if (!isTokenCount(usage[field])) refuse(`usage.${field}`, usage[field], 'a number ≥ 0');
    this.addMessage('assistant', content, toolCalls === undefined || toolCalls.length === 0 ? {} : { toolCalls });
    const sum = (field: (typeof COUNTS)[number]): number => this.#usage[field] + usage[field];
    this.#usage = {
      requests: this.#usage.requests + 1,
      promptTokens: sum('promptTokens'),
      completionTokens: sum('completionTokens'),
      totalTokens: sum('totalTokens'),
    };
  }

  /** The conversation as a client takes it: the system prompt first. */
  getMessages(): readonly ChatMessage[] {
    return [...promptOf(this.#systemPrompt), ...this.#messages];
  }

  /** Tokens of {@link getMessages}, estimated. */
  get tokens(): number {
    return tokensOf(this.getMessages(), this.#limits.countTokens);
  }

  get usage(): SessionUsage {
    return this.#usage;
  }

  /** Forgets the messages; the system prompt and the usage stay. */
  clear(): void {
    this.#messages = [];
  }

  export(): SessionData {
    const data = {
      ...(this.#systemPrompt !== undefined && { systemPrompt: this.#systemPrompt }),
      messages: [...this.#messages] as SessionData['messages'],
      usage: this.#usage,
    };
    try {
      // A deep copy, so that nobody changes the session through it.
      return structuredClone(data);
    } catch (cause) {
      throw new InvalidRequest(`Session '${this.name}' can't be exported: a message's metadata is no data: ${textOf(cause)}`, 'metadata', {
        cause,
      });
    }
  }

  /** All or nothing: counting tokens may throw. */
  #set(systemPrompt: string | undefined, messages: readonly ChatMessage[]): void {
    const { maxMessages, maxTokens, countTokens } = this.#limits;
    const isUnlimited = maxMessages === Number.POSITIVE_INFINITY && maxTokens === Number.POSITIVE_INFINITY;
    this.#messages = isUnlimited ? messages : this.#trimmed(promptOf(systemPrompt), messages, countTokens);
    this.#systemPrompt = systemPrompt;
  }

  #trimmed(
    prompt: readonly ChatMessage[],
    messages: readonly ChatMessage[],
    countTokens: TrimLimits['countTokens'],
  ): readonly ChatMessage[] {
    return trimmed(grouped(messages), this.#limits, { messages: prompt.length, tokens: tokensOf(prompt, countTokens) }).flat();
  }
}

function promptOf(systemPrompt: string | undefined): readonly ChatMessage[] {
  return systemPrompt === undefined ? [] : [{ role: 'system', content: systemPrompt }];
}

function refuse(path: string, value: unknown, expected: string): never {
  throw new InvalidRequest(`Sessions: '${path}' is ${textOf(value)}: expected ${expected}.`, path);
}
