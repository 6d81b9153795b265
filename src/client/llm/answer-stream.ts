import type { ChatEvent, ChatStream } from '../../domain/chat.ts';
import { RequestCancelled } from '../../domain/errors.ts';

/**
 * A completion as it is made. The call starts with the first step of the loop, or when `response` is asked for; leaving
 * the loop gives the call up.
 * @typeParam E what the loop sees
 * @typeParam R what `response` resolves with
 */
export class AnswerStream<E, R> implements AsyncIterable<E> {
  readonly #response: Promise<R>;
  readonly #events: AsyncGenerator<E, undefined>;
  #isStarted = false;
  #gathered: Promise<readonly E[]> | undefined;
  #settle: { readonly resolve: (response: R) => void; readonly reject: (error: unknown) => void } = { resolve: () => {}, reject: () => {} };

  /**
   * @param start begins the call
   * @param finished what becomes of the whole response; may reject
   * @param see what the loop sees of an event; undefined: nothing
   */
  constructor(
    start: () => Promise<ChatStream>,
    finished: (event: Extract<ChatEvent, { type: 'finish' }>) => Promise<R>,
    see: (event: ChatEvent) => E | undefined,
  ) {
    this.#response = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever loops hears of a failure there; nobody has to ask for the response too.
    this.#response.catch(() => {});
    this.#events = this.#run(start, finished, see);
  }

  /**
   * The whole answer once the stream has ended; rejects where the stream fails or is left. Asked for before the loop, it
   * reads the stream by itself, and the loop sees the same afterwards.
   */
  get response(): Promise<R> {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#gathered = this.#gather();
      this.#gathered.catch(() => {});
    }
    return this.#response;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<E, undefined> {
    if (this.#gathered !== undefined) {
      yield* await this.#gathered;
      return;
    }
    this.#isStarted = true;
    yield* this.#events;
  }

  async #gather(): Promise<readonly E[]> {
    const all: E[] = [];
    for await (const event of this.#events) all.push(event);
    return all;
  }

  async *#run(
    start: () => Promise<ChatStream>,
    finished: (event: Extract<ChatEvent, { type: 'finish' }>) => Promise<R>,
    see: (event: ChatEvent) => E | undefined,
  ): AsyncGenerator<E, undefined> {
    try {
      for await (const event of await start()) {
        if (event.type === 'finish') this.#settle.resolve(await finished(event));
        const seen = see(event);
        if (seen !== undefined) yield seen;
      }
    } catch (error) {
      this.#settle.reject(error);
      throw error;
    } finally {
      this.#settle.reject(new RequestCancelled('stream', 'its consumer left the stream'));
    }
  }
}
