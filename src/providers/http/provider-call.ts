import type { Clock } from '../../domain/clock.ts';
import type { Alarms } from '../../lib/alarms.ts';
import type { CallMoments, ReplyHeaders, WireAnswer } from '../provider.ts';
import type { BodyReader, CallHost } from './body-reader.ts';
import type { CallFailures, CallFault } from './call-failures.ts';
import { LazyDeadline } from './lazy-deadline.ts';
import type { Wire, WireControl, WireRequest, WireSink } from './wire.ts';

/** What one call is told. */
export interface CallPlan {
  readonly clock: Clock;
  /** Of all calls of the endpoint. */
  readonly alarms: Alarms;
  readonly failures: CallFailures;
  readonly signal: AbortSignal | undefined;
  readonly moments: CallMoments;
  /** Longest wait, from the writing of the request on, until a body reader sets a deadline of its own. */
  readonly firstWaitMs: number;
  /** What is said when that has passed. */
  readonly firstWaitFault: CallFault;
  /** Who reads the body, chosen by the head. */
  readonly bodyReader: (status: number, headers: ReplyHeaders, host: CallHost) => BodyReader;
}

const unheard = (): void => {};
// Made once: an error notes its stack, which would be a tenth of what a short call costs.
const ENDED = new Error('The exchange has ended.');
const FAILED = new Error('The exchange has failed.');

/** One call on its way: hands the body to whoever reads it, and sees to time limits and to callers that give up. */
export class ProviderCall implements WireSink, CallHost {
  readonly deadline: LazyDeadline;
  readonly #plan: CallPlan;
  readonly #onAbort = (): void => this.#abort();
  #resolve: (answer: WireAnswer) => void = unheard;
  #reject: (error: unknown) => void = unheard;
  #control: WireControl | undefined;
  #body: BodyReader | undefined;
  #isWritten = false;
  /** Neither the caller nor the network is heard any more. */
  #isOver = false;
  #hungUpFor: Error | undefined;

  constructor(plan: CallPlan) {
    this.#plan = plan;
    this.deadline = new LazyDeadline(plan.clock, plan.alarms, () => this.#due());
  }

  start(wire: Wire, request: WireRequest): Promise<WireAnswer> {
    const { signal, firstWaitMs } = this.#plan;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const answer = new Promise<WireAnswer>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    // Also while it waits for a connection: nothing may hang.
    this.deadline.dueIn(firstWaitMs);
    this.#control = wire.start(request, this);
    if (this.#hungUpFor) this.#control.abort(this.#hungUpFor);
    return answer;
  }

  onWritten(): void {
    if (this.#isWritten) return;
    this.#isWritten = true;
    this.deadline.dueIn(this.#plan.firstWaitMs);
    this.#telling(() => this.#plan.moments.onWritten?.());
  }

  onHead(status: number, headers: ReplyHeaders): void {
    this.#telling(() => this.#plan.moments.onHeaders?.({ status, headers }));
    this.#body = this.#plan.bodyReader(status, headers, this);
  }

  onData(chunk: Buffer): void {
    if (!this.#hungUpFor) this.#body?.onData(chunk);
  }

  onEnd(): void {
    this.#hungUpFor ??= ENDED;
    this.#body?.onEnd();
  }

  onFailure(error: unknown): void {
    this.#hungUpFor ??= FAILED;
    if (this.#isOver) return;
    if (this.#body) this.#body.onBroken(error);
    else this.fail(this.#plan.failures.ofNetwork(error));
  }

  settle(answer: WireAnswer): void {
    this.#resolve(answer);
    // A stream may last; its promise need not.
    this.#resolve = unheard;
    this.#reject = unheard;
  }

  fail(error: unknown): void {
    this.#reject(error);
    this.release();
    this.hangUp(error instanceof Error ? error : new Error(String(error)));
  }

  pause(): void {
    this.#control?.pause();
  }

  resume(): void {
    if (!this.#hungUpFor) this.#control?.resume();
  }

  hangUp(reason: Error): void {
    if (this.#hungUpFor) return;
    this.#hungUpFor = reason;
    this.#control?.abort(reason);
  }

  release(): void {
    this.#isOver = true;
    this.deadline.clear();
    this.#plan.signal?.removeEventListener('abort', this.#onAbort);
  }

  /** A listener that throws ends the call with its own error; the wire hears it too, so that nothing is sent. */
  #telling(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  #abort(): void {
    const reason: unknown = this.#plan.signal?.reason;
    const error = reason instanceof Error ? reason : new Error(String(reason));
    if (this.#body) this.#body.onAborted(error);
    else this.fail(reason);
  }

  #due(): void {
    if (this.#body) this.#body.onDue();
    else this.fail(this.#plan.failures.retryable(this.#isWritten ? this.#plan.firstWaitFault : NO_CONNECTION));
  }
}

const NO_CONNECTION: CallFault = {
  code: 'connection_wait_timeout',
  message: 'had no connection to spare: raise connections, or lower what is sent at once',
};
