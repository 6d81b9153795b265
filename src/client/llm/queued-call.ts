import type { Clock } from '../../domain/clock.ts';
import { InvalidRequest, RateLimitRefused } from '../../domain/errors.ts';
import type { ProcessorContext } from '../../engine/processor.ts';
import type { ChatAnswer, MiddlewareContext } from '../../middleware/middleware.ts';
import type { WireAnswer } from '../../providers/provider.ts';
import { sendWork, type WireAttempt, type WireWork } from '../deployment-processor.ts';
import type { DispatchCall } from '../dispatch/dispatch-types.ts';
import type { WorkEstimate } from '../dispatch/work-estimates.ts';
import type { AcquireTimer } from './acquire-timer.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { Lease } from './pool-client.ts';

/** Sends one wire call on the attempt's deployment; resolves with what `read` makes of the answer. */
export type SendOnce<A> = (call: DispatchCall, read: (answer: WireAnswer, clientId: string) => A) => Promise<A>;

/** A request of a client as the queue holds it. */
export interface QueuedCall {
  /** Does one attempt; resolves when nothing of it goes on any more. */
  attempt(context: ProcessorContext, pool: ConnectionPool, model: string | undefined): Promise<undefined>;
}

export interface QueuedCallOptions<A> {
  readonly clock: Clock;
  readonly estimate: WorkEstimate;
  /** Told of each attempt before it runs. */
  readonly shared: Pick<MiddlewareContext, 'attempt' | 'clientId'>;
  /** What an attempt does around sending; runs again for each attempt. */
  readonly around: (send: SendOnce<A>) => Promise<A>;
  readonly timer: AcquireTimer;
  /** The longest rest before an attempt that failed is repeated. */
  readonly longestRestMs: number;
  /** Takes the answer; called once. */
  readonly deliver: (answer: A) => void;
}

/** One request of a client: runs its attempts on whichever key the queue chose. */
export class ClientCall<A = ChatAnswer> implements QueuedCall {
  readonly #options: QueuedCallOptions<A>;
  /** Attempts that run now; more than one where one was given up and goes on. */
  running = 0;
  /** A provider has refused it at least once. */
  wasRefused = false;

  constructor(options: QueuedCallOptions<A>) {
    this.#options = options;
  }

  async attempt(context: ProcessorContext, pool: ConnectionPool, model: string | undefined): Promise<undefined> {
    // First of all: what fails before it is sent must cost nothing.
    const onWritten = context.deferSend();
    const { shared, around, deliver, timer, longestRestMs } = this.#options;
    const lease = pool.lease(context.deploymentId ?? '', model);
    shared.attempt = context.attempt;
    shared.clientId = lease.upstream.id;
    // The engine's signal says nothing of an attempt that fails by itself.
    const sending = new AbortController();
    let isOver = false;
    let wire: Promise<unknown> | undefined;
    const send: SendOnce<A> = (call, read) =>
      new Promise((resolve, reject) => {
        if (isOver) return reject(new InvalidRequest('A middleware sent when its attempt was over. Await what next() gives.', 'next'));
        // What was reserved is for one call: a second one would pass the limits by.
        if (wire !== undefined)
          return reject(new InvalidRequest('A middleware sent twice in one attempt. Add it without perAttempt.', 'next'));
        wire = this.#sent(call, lease, { context, onWritten, signal: sending.signal }, (answer) => {
          try {
            resolve(read(answer, lease.upstream.id));
          } catch (error) {
            reject(error);
          }
        });
        wire.catch(reject);
      });
    this.running += 1;
    timer.ends();
    let failed = true;
    try {
      const answer = await unlessAborted(around(send), context.signal, sending);
      if (context.signal.aborted) throw context.signal.reason;
      context.deliveryStarted();
      deliver(answer);
      // Answered by a middleware: no tokens were used.
      if (wire === undefined) context.reportUsage({ inputTokens: 0, outputTokens: 0 });
      await wire;
      failed = false;
    } catch (error) {
      // Whoever failed, nobody reads what was sent any more: it ends before its place and its client are given back.
      isOver = true;
      sending.abort(error);
      await Promise.allSettled([wire]);
      if (error instanceof RateLimitRefused) {
        this.wasRefused = true;
        // It says nothing about the client.
        failed = false;
      }
      if (this.running === 1) timer.waits(this.wasRefused && !failed ? 0 : longestRestMs);
      throw error;
    } finally {
      isOver = true;
      this.running -= 1;
      lease.release(failed);
    }
    return undefined;
  }

  #sent(
    call: DispatchCall,
    { upstream }: Lease,
    attempt: Pick<WireAttempt, 'context' | 'onWritten' | 'signal'>,
    deliver: (answer: WireAnswer) => void,
  ): Promise<unknown> {
    const { clock, estimate } = this.#options;
    const work: WireWork = { kind: 'wire', call, deliver: ({ answer }) => deliver(answer), used: estimate.used };
    return sendWork({ ...attempt, work, upstream, clock });
  }
}

/**
 * Ends with the signal also where a middleware that wraps the attempt does not: it would hold its client for ever. What is
 * sent ends with the signal at any time.
 */
function unlessAborted<A>(answer: Promise<A>, signal: AbortSignal, sending: AbortController): Promise<A> {
  return new Promise((resolve, reject) => {
    // Never removed: the signal is the attempt's own, and goes with it.
    const onAbort = (): void => {
      sending.abort(signal.reason);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    answer.then(resolve, reject);
  });
}
