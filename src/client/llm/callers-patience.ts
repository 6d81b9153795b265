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
  readonly #links: Links = new AbortLinks((watch, reason) => watch.cancel(reason));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Settles as `work` does, unless patience ends before it. */
  wait<T>(work: Promise<T>, waiting: Waiting): Promise<T> {
    return isEndless(waiting) ? work : new Watch(waiting, this.#clock, this.#links).step(work);
  }

  /**
   * The same stream, each of whose steps ends as {@link wait} says.
   * @param isOver when nothing of its call goes on any more: a stream that is forgotten then must leave nothing behind
   */
  stream(stream: ChatStream, waiting: Waiting, isOver: Promise<unknown>): ChatStream {
    if (isEndless(waiting)) return stream;
    const reader = stream[Symbol.asyncIterator]();
    const watch = new Watch(waiting, this.#clock, this.#links);
    watch.lastsUntil(isOver);
    const next = (): Promise<IteratorResult<ChatEvent>> => watch.step(reader.next());
    const leave = async (): Promise<IteratorResult<ChatEvent>> => {
      watch.over();
      return (await reader.return?.()) ?? { done: true, value: undefined };
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
  }
}

type Links = AbortLinks<Watch>;

/** Watches over one step after another: with one listener and one timer as long as its call goes on, then with new ones for each. */
class Watch {
  readonly #waiting: Waiting;
  readonly #clock: Clock;
  readonly #links: Links;
  #fail: ((error: unknown) => void) | undefined;
  #timer: TimerHandle;
  #isOn = false;
  #lasts = false;

  constructor(waiting: Waiting, clock: Clock, links: Links) {
    this.#waiting = waiting;
    this.#clock = clock;
    this.#links = links;
  }

  lastsUntil(isOver: Promise<unknown>): void {
    this.#lasts = true;
    void isOver.then(() => {
      this.#lasts = false;
      this.#rest();
    });
  }

  step<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      work.then(
        (result) => {
          this.#fail = undefined;
          this.#rest();
          resolve(result);
        },
        (error: unknown) => this.#end(error, reject),
      );
      this.#start();
    });
  }

  cancel(reason: unknown): void {
    this.#end(new RequestCancelled(this.#waiting.requestId, reason));
  }

  over(): void {
    const { signal } = this.#waiting;
    this.#isOn = false;
    if (signal !== undefined) this.#links.unlink(signal, this);
    this.#clock.clearTimeout(this.#timer);
  }

  #start(): void {
    const { signal, deadline } = this.#waiting;
    if (this.#isOn) return;
    if (signal?.aborted) return this.cancel(signal.reason);
    this.#isOn = true;
    if (signal !== undefined) this.#links.link(signal, this);
    if (deadline === undefined) return;
    const leftMs = Math.max(0, Number(deadline) - this.#clock.wallMs());
    this.#timer = this.#clock.setTimeout(() => this.#end(late(this.#waiting)), leftMs + GRACE_MS);
  }

  /** No step is waited for. */
  #rest(): void {
    if (!this.#lasts && this.#fail === undefined) this.over();
  }

  /** Whichever comes first ends the waiting: the work may never settle. */
  #end(error: unknown, fail = this.#fail): void {
    this.#fail = undefined;
    this.over();
    fail?.(error);
  }
}

function isEndless({ signal, deadline }: Waiting): boolean {
  return signal === undefined && deadline === undefined;
}

function late({ requestId, provider, model, deadline = 0 }: Waiting): LLMTimeoutError {
  const cause = new DeadlineExceeded(requestId, model, new Date(deadline));
  return new LLMTimeoutError(`${cause.message} A middleware has not ended.`, { provider, model }, { cause });
}
