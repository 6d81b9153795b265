import type { LLMManager } from '../../client/llm/llm-manager.ts';
import type { Session } from '../../client/sessions/session.ts';
import { SessionManager } from '../../client/sessions/session-manager.ts';
import type { ChatMessage, CompletionResponse } from '../../domain/chat.ts';
import type { Clock } from '../../domain/clock.ts';
import { textOf } from '../../domain/errors.ts';
import { counted } from '../../lib/counted.ts';
import { count, duration } from '../format.ts';
import { wayOutOf } from '../way-out.ts';
import type { ChatOutput } from './chat-output.ts';
import { type ChosenClient, chooseClient } from './chosen-client.ts';
import { sideBySide } from './side-by-side.ts';
import { noticeWaits } from './wait-notice.ts';

export interface ChatOptions {
  readonly manager: LLMManager;
  readonly clock: Clock;
  readonly output: ChatOutput;
  readonly model: string | undefined;
  readonly system: string | undefined;
}

/** A conversation at the keyboard: what is said, who answers, and how. */
export class Chat {
  readonly manager: LLMManager;
  readonly output: ChatOutput;
  readonly session: Session;
  isStreaming = true;
  /** Copies of the next prompt. */
  copies = 1;
  /** Prompts that got no answer and were not stopped. */
  failures = 0;
  #chosen: ChosenClient;
  #running: AbortController | undefined;
  #unnotice = (): void => {};
  readonly #clock: Clock;

  /** @throws UsageError for a model that nobody has, LLMConfigurationError where there is no client */
  constructor({ manager, clock, output, model, system }: ChatOptions) {
    this.manager = manager;
    this.output = output;
    this.#clock = clock;
    this.#chosen = chooseClient(manager, model);
    this.session = new SessionManager(system === undefined ? {} : { systemPrompt: system }).active;
  }

  get client() {
    return this.#chosen.client;
  }

  get model(): string | undefined {
    return this.#chosen.model;
  }

  /** @throws UsageError for a model that nobody has */
  switchModel(model: string): void {
    this.#chosen = chooseClient(this.manager, model);
  }

  /** Gives the running answer up; false where none runs. */
  stop(): boolean {
    if (this.#running === undefined) return false;
    this.#running.abort();
    return true;
  }

  /** Asks, and shows the answer as it comes. What failed or was stopped does not become part of the conversation. */
  async ask(prompt: string): Promise<void> {
    const { copies } = this;
    this.copies = 1;
    const running = new AbortController();
    this.#running = running;
    const { client } = this.#chosen;
    this.#unnotice = noticeWaits(
      () => client.getStatus().waitsFor,
      this.#clock,
      (text) => this.output.notice(text),
    );
    try {
      const messages = [...this.session.getMessages(), { role: 'user', content: prompt } as const];
      const response = copies === 1 ? await this.#one(messages, running.signal) : await this.#several(messages, copies, running.signal);
      if (response === undefined) return;
      this.session.addMessage('user', prompt);
      this.session.addResponse(response);
    } catch (error) {
      if (running.signal.aborted) return this.output.lines(['', '(stopped)']);
      this.failures += 1;
      this.output.problem(`${textOf(error)}${wayOutOf(error)}`);
    } finally {
      this.#unnotice();
      this.#running = undefined;
    }
  }

  async #one(messages: readonly ChatMessage[], signal: AbortSignal): Promise<CompletionResponse> {
    const { client, model } = this.#chosen;
    const startedAt = this.#clock.now();
    let response: CompletionResponse;
    if (this.isStreaming) {
      const stream = client.streamComplete(messages, { model, signal });
      try {
        for await (const text of stream) {
          // An answer that has begun waits for nobody.
          this.#unnotice();
          this.output.write(text);
        }
      } finally {
        this.output.write('\n');
      }
      response = await stream.response;
    } else {
      response = await client.complete(messages, { model, signal });
      this.output.lines([response.content]);
    }
    this.output.aside(this.#about(response, startedAt));
    return response;
  }

  /** The same question several times at once; the first good answer goes on with the conversation. */
  async #several(messages: readonly ChatMessage[], copies: number, signal: AbortSignal): Promise<CompletionResponse | undefined> {
    const { client, model } = this.#chosen;
    const startedAt = this.#clock.now();
    const answers = await Promise.all(
      Array.from({ length: copies }, async (_, index) => {
        const name = `[${index + 1}]`;
        try {
          const response = await client.complete(messages, { model, signal });
          return { response, heading: `${name} ${this.#about(response, startedAt)}`, text: response.content };
        } catch (error) {
          if (!signal.aborted) this.failures += 1;
          return { response: undefined, heading: `${name} failed`, text: textOf(error) };
        }
      }),
    );
    signal.throwIfAborted();
    this.output.lines(sideBySide(answers, this.output.width));
    this.output.aside(
      `${counted(copies, 'answer')} in ${duration(this.#clock.now() - startedAt)}; the first good one goes on with the conversation.`,
    );
    return answers.find(({ response }) => response !== undefined)?.response;
  }

  #about({ clientId, usage }: CompletionResponse, startedAt: number): string {
    return `${clientId} · ${count(usage.promptTokens)} in, ${count(usage.completionTokens)} out · ${duration(this.#clock.now() - startedAt)}`;
  }
}
