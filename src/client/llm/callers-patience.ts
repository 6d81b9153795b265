import type { ChatEvent, ChatStream } from '../../domain/chat.ts';
import type { Clock, TimerHandle } from '../../domain/clock.ts';
import { DeadlineExceeded, RequestCancelled } from '../../domain/errors.ts';
import { LLMTimeoutError } from '../../domain/llm-errors.ts';
import { AbortLinks } from '../../engine/abort-links.ts';
import type { Urgency } from './client-requests.ts';

/** For whom something is waited. */
export interface Waiting extends Pick<Urgency, 'signal' | 'deadline'> {
  readonly requestId: string;
  readonly provider: string;
  readonly model: string;
}

/** How long a middleware may take to answer a deadline that was missed. */
const GRACE_MS = 1000;

/**
 * Ends what a caller waits for when its signal aborts, or soon after its deadline, whatever the middlewares do meanwhile:
 * the queue's own limits don't reach one that never calls `next`, or never hands on what it gave.
 */
export class CallersPatience {
  readonly #clock: Clock;
  // One listener for all that share a signal.
  readonly #links = new AbortLinks<(reason: unknown) => void>((end, reason) => end(reason));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles as `work` does, unless patience ends before it. */
  wait<T>(work: Promise<T>, waiting: Waiting): Promise<T> {
    const { signal, deadline, requestId } = waiting;
    if (signal === undefined && deadline === undefined) return work;
    return new Promise((resolve, reject) => {
      let timer: TimerHandle;
      const over = (): void => {
        if (signal !== undefined) this.#links.unlink(signal, cancel);
        this.#clock.clearTimeout(timer);
      };
      // Whichever comes first ends the waiting: the work may never settle.
      const fail = (error: unknown): void => {
        over();
        reject(error);
      };
      const cancel = (reason: unknown): void => fail(new RequestCancelled(requestId, reason));
      work.then((result) => {
        over();
        resolve(result);
      }, fail);
      if (signal?.aborted) return cancel(signal.reason);
      if (signal !== undefined) this.#links.link(signal, cancel);
      if (deadline === undefined) return;
      const leftMs = Math.max(0, Number(deadline) - this.#clock.wallMs());
      timer = this.#clock.setTimeout(() => fail(late(waiting)), leftMs + GRACE_MS);
    });
  }

  /** The same stream, each of whose steps ends as {@link wait} says. */
  stream(stream: ChatStream, waiting: Waiting): ChatStream {
    if (waiting.signal === undefined && waiting.deadline === undefined) return stream;
    const reader = stream[Symbol.asyncIterator]();
    const next = (): Promise<IteratorResult<ChatEvent>> => this.wait(reader.next(), waiting);
    const leave = async (): Promise<IteratorResult<ChatEvent>> => (await reader.return?.()) ?? { done: true, value: undefined };
    return { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
  }
}

function late({ requestId, provider, model, deadline = 0 }: Waiting): LLMTimeoutError {
  const cause = new DeadlineExceeded(requestId, model, new Date(deadline));
  return new LLMTimeoutError(`${cause.message} A middleware has not ended.`, { provider, model }, { cause });
}
