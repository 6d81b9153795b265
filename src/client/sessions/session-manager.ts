import { validateOptions } from '../../config/validate.ts';
import type { ChatMessage, CompletionResponse, ContentPart, MessageRole } from '../../domain/chat.ts';
import { InvalidConfiguration, InvalidRequest, textOf } from '../../domain/errors.ts';
import { estimateText } from '../../scheduling/estimates/estimate-text.ts';
import type { TrimLimits } from './message-groups.ts';
import { Session, type SessionUsage } from './session.ts';
import { readSessions, type SessionsData } from './session-data.ts';

export interface SessionManagerOptions {
  /** Of every session that has none of its own. */
  readonly systemPrompt?: string;
  /** Most messages that are kept, the system prompt included; default unlimited. */
  readonly maxMessages?: number;
  /** Most tokens that are kept, the system prompt included; default unlimited. */
  readonly maxTokens?: number;
  /** Counts the tokens of a text; default: estimated from its characters. */
  readonly countTokens?: (text: string) => number;
}

const FIRST = 'default';

/**
 * Conversations by name. One is active: `addMessage`, `getMessages` and the like are about it. Where limits are set, the
 * oldest messages are dropped; never the system prompt, never the newest message, and no tool call without its result.
 */
export class SessionManager {
  readonly #limits: TrimLimits;
  readonly #systemPrompt: string | undefined;
  readonly #sessions = new Map<string, Session>();
  #active: Session;

  /** Throws `InvalidConfiguration` for an option of the wrong kind, or a limit that is no number ≥ 1. */
  constructor(options: SessionManagerOptions = {}) {
    validateOptions('SessionManager', options);
    const { maxMessages = Number.POSITIVE_INFINITY, maxTokens = Number.POSITIVE_INFINITY, countTokens = estimateText } = options;
    for (const [path, limit] of Object.entries({ maxMessages, maxTokens })) {
      if (!(typeof limit === 'number' && limit >= 1)) refuse(path, limit, 'a number ≥ 1');
    }
    if (typeof countTokens !== 'function') refuse('countTokens', countTokens, 'a function');
    if (options.systemPrompt !== undefined && typeof options.systemPrompt !== 'string')
      refuse('systemPrompt', options.systemPrompt, 'a text');
    this.#limits = { maxMessages, maxTokens, countTokens: (text) => checkedCount(countTokens, text) };
    this.#systemPrompt = options.systemPrompt;
    this.#active = this.session(FIRST);
  }

  /** Reads what {@link export} wrote, as text or as an object. Throws `InvalidConfiguration` for anything else, or for text above 16 MiB. */
  static import(exported: unknown, options: SessionManagerOptions = {}): SessionManager {
    const { active, sessions } = readSessions(exported);
    const manager = new SessionManager(options);
    manager.#sessions.clear();
    for (const [name, data] of Object.entries(sessions)) manager.#sessions.set(name, new Session(name, manager.#limits, data));
    manager.use(active);
    return manager;
  }

  /** The session of this name; made when there is none. Throws `InvalidRequest` for a name that is no text. */
  session(name: string): Session {
    if (typeof name !== 'string') throw new InvalidRequest(`Sessions: 'name' is ${textOf(name)}: expected a text.`, 'name');
    const known = this.#sessions.get(name);
    if (known !== undefined) return known;
    const made = new Session(name, this.#limits, this.#systemPrompt === undefined ? {} : { systemPrompt: this.#systemPrompt });
    this.#sessions.set(name, made);
    return made;
  }

  /** Makes a session the active one, and returns it. */
  use(name: string): Session {
    this.#active = this.session(name);
    return this.#active;
  }

  get active(): Session {
    return this.#active;
  }

  /** Names of all sessions, oldest first. */
  get names(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  /** Forgets a session; false when there is none. The active one is followed by an empty `default`. */
  delete(name: string): boolean {
    const found = this.#sessions.delete(name);
    if (this.#active.name === name && found) this.#active = this.session(FIRST);
    return found;
  }

  addMessage(role: MessageRole, content: string | readonly ContentPart[], more: Omit<ChatMessage, 'role' | 'content'> = {}): void {
    this.#active.addMessage(role, content, more);
  }

  /** Adds a client's answer, and counts what it used. */
  addResponse(response: Pick<CompletionResponse, 'content' | 'usage'> & Partial<Pick<CompletionResponse, 'toolCalls'>>): void {
    this.#active.addResponse(response);
  }

  getMessages(): readonly ChatMessage[] {
    return this.#active.getMessages();
  }

  setSystemPrompt(text: string | undefined): void {
    this.#active.setSystemPrompt(text);
  }

  clear(): void {
    this.#active.clear();
  }

  /** Of all sessions together. */
  get usage(): SessionUsage {
    const sum = { requests: 0, promptTokens: 0, completionTokens: 0, totalTokens: 0 };
    for (const { usage } of this.#sessions.values()) {
      sum.requests += usage.requests;
      sum.promptTokens += usage.promptTokens;
      sum.completionTokens += usage.completionTokens;
      sum.totalTokens += usage.totalTokens;
    }
    return sum;
  }

  /** Everything as plain data, for `JSON.stringify` and {@link import}. It holds what was said. */
  export(): SessionsData {
    const sessions = Object.fromEntries([...this.#sessions].map(([name, session]) => [name, session.export()]));
    return { version: 1, active: this.#active.name, sessions };
  }
}

function refuse(path: string, value: unknown, expected: string): never {
  throw new InvalidConfiguration(`SessionManager: '${path}' is ${textOf(value)}: expected ${expected}.`, path);
}

/** Anything else would make the session grow for ever, or forget everything. */
function checkedCount(countTokens: (text: string) => number, text: string): number {
  const count: unknown = countTokens(text);
  return typeof count === 'number' && count >= 0 ? count : refuse('countTokens', count, 'a function that gives a number ≥ 0');
}
