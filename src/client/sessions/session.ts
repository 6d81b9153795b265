import type { ChatMessage, CompletionResponse, ContentPart, MessageRole } from '../../domain/chat.ts';
import { grouped, type TrimLimits, tokensOf, trimmed } from './message-groups.ts';
import type { SessionData } from './session-data.ts';

/** What a conversation has used. */
export interface SessionUsage {
  readonly requests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
}

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
    this.#systemPrompt = data?.systemPrompt;
    this.#usage = data?.usage ?? NOTHING_USED;
    this.#messages = data?.messages ?? [];
    this.#trim();
  }

  get systemPrompt(): string | undefined {
    return this.#systemPrompt;
  }

  /** Stands before all messages and is never trimmed; undefined takes it away. */
  setSystemPrompt(text: string | undefined): void {
    this.#systemPrompt = text;
    this.#trim();
  }

  /** Adds a message, and drops the oldest ones that don't fit any more. A system message becomes the system prompt. */
  addMessage(role: MessageRole, content: string | readonly ContentPart[], more: Omit<ChatMessage, 'role' | 'content'> = {}): void {
    if (role === 'system' && typeof content === 'string') return this.setSystemPrompt(content);
    this.#messages = [...this.#messages, { role, content, ...more }];
    this.#trim();
  }

  /** Adds a client's answer with the tools it calls, and counts what it used. */
  addResponse({
    content,
    toolCalls,
    usage,
  }: Pick<CompletionResponse, 'content' | 'usage'> & Partial<Pick<CompletionResponse, 'toolCalls'>>): void {
    this.addMessage('assistant', content, toolCalls === undefined || toolCalls.length === 0 ? {} : { toolCalls });
    this.#usage = {
      requests: this.#usage.requests + 1,
      promptTokens: this.#usage.promptTokens + usage.promptTokens,
      completionTokens: this.#usage.completionTokens + usage.completionTokens,
      totalTokens: this.#usage.totalTokens + usage.totalTokens,
    };
  }

  /** The conversation as a client takes it: the system prompt first. */
  getMessages(): readonly ChatMessage[] {
    return [...this.#prompt, ...this.#messages];
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
    // A deep copy, so that nobody changes the session through it.
    return structuredClone({
      ...(this.#systemPrompt !== undefined && { systemPrompt: this.#systemPrompt }),
      messages: [...this.#messages] as SessionData['messages'],
      usage: this.#usage,
    });
  }

  get #prompt(): readonly ChatMessage[] {
    return this.#systemPrompt === undefined ? [] : [{ role: 'system', content: this.#systemPrompt }];
  }

  #trim(): void {
    if (this.#limits.maxMessages === Number.POSITIVE_INFINITY && this.#limits.maxTokens === Number.POSITIVE_INFINITY) return;
    const prompt = this.#prompt;
    const reserved = { messages: prompt.length, tokens: tokensOf(prompt, this.#limits.countTokens) };
    this.#messages = trimmed(grouped(this.#messages), this.#limits, reserved).flat();
  }
}
