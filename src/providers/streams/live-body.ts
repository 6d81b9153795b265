import type { BodyReader, CallHost } from '../http/body-reader.ts';
import type { CallFailures, CallFault } from '../http/call-failures.ts';
import type { Secret } from '../http/secret.ts';
import { networkProblem } from '../network-failure.ts';
import type { ReplyHeaders, StreamEnding, StreamPart, WireUsage } from '../provider.ts';
import { PartQueue, type PartQueueListener } from './part-queue.ts';
import type { StreamDecoder, StreamFault } from './stream-decoder.ts';

/** What a stream needs to be handed out. */
export interface LiveBodyOptions {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly decoder: StreamDecoder;
  readonly failures: CallFailures;
  readonly secret: Secret;
  readonly wallMs: () => number;
  readonly usage: () => WireUsage;
  readonly idleTimeoutMs: number;
  /** What is said when no content came in time. */
  readonly firstTokenFault: CallFault;
  /** More than this before the first content is no stream of this API. */
  readonly maxHeldBytes: number;
}

/** How long a complete stream's last bytes are waited for, so that the connection can be used again. */
const GRACE_MS = 1000;

/** A stream: kept back until its first content, so that until then any failure can be thrown; then handed out as it comes. */
export class LiveBody implements BodyReader, PartQueueListener {
  readonly #options: LiveBodyOptions;
  readonly #host: CallHost;
  #held: StreamPart[] = [];
  #heldBytes = 0;
  #queue: PartQueue | undefined;
  /** Nothing that still arrives matters. */
  #isClosed = false;
  #error: Error | undefined;
  #onEnded: (ending: StreamEnding) => void = () => {};

  constructor(options: LiveBodyOptions, host: CallHost) {
    this.#options = options;
    this.#host = host;
  }

  onData(chunk: Buffer): void {
    if (this.#isClosed) return;
    const decoded = this.#options.decoder.push(chunk);
    if (decoded) this.#take(decoded.part, decoded.fault);
    // Half an event is a sign of life.
    if (this.#queue?.isAwaited) this.onWaiting();
  }

  onEnd(): void {
    if (this.#isClosed) return this.#letGo();
    const { decoder } = this.#options;
    const rest = decoder.end();
    if (rest) this.#take(rest.part, rest.fault);
    if (this.#isClosed) return;
    if (decoder.isComplete) this.#complete();
    else this.#break({ code: 'stream_incomplete', message: 'ended its stream before the terminal event' });
  }

  onBroken(error: unknown): void {
    if (this.#isClosed) return this.#letGo();
    if (this.#options.decoder.isComplete) return this.#complete();
    const { code, message } = networkProblem(error);
    if (this.#queue) this.#break({ code: 'stream_interrupted', message: `broke off its stream: ${message}`, cause: error });
    else this.#break({ code, message: `gave no answer: ${message}`, cause: error });
  }

  onDue(): void {
    if (this.#isClosed || (this.#options.decoder.isComplete && this.#queue?.isAwaited)) {
      this.#host.hangUp(new Error('The stream is complete, but the connection stays open.'));
      return this.#isClosed ? this.#letGo() : this.#complete();
    }
    // The reader is at work on what it has; it gets the whole time once it waits again.
    if (this.#queue && !this.#queue.isAwaited) return;
    const seconds = this.#options.idleTimeoutMs / 1000;
    if (this.#queue) this.#break({ code: 'idle_timeout', message: `sent nothing for ${seconds} s inside a stream` });
    else this.#break(this.#options.firstTokenFault);
  }

  onAborted(reason: Error): void {
    this.#fail(reason, (queue) => queue.break(reason));
  }

  #take(part: StreamPart, fault: StreamFault | undefined): void {
    if (!this.#queue) return this.#hold(part, fault);
    if (part.raw.length > 0) this.#queue.push(part);
    if (fault) this.#breakAt(fault);
  }

  #hold(part: StreamPart, fault: StreamFault | undefined): void {
    const { decoder, maxHeldBytes } = this.#options;
    this.#held.push(part);
    this.#heldBytes += part.raw.length;
    // Nothing was handed out yet, so that even an error right behind the first content can fail over.
    if (fault) this.#breakAt(fault);
    else if (decoder.hasContent || decoder.isComplete) this.#open();
    else if (this.#heldBytes > maxHeldBytes) {
      this.#break({ code: 'invalid_stream', message: `sent more than ${maxHeldBytes} bytes of stream without any content` });
    }
  }

  #open(): void {
    const { status, headers, secret } = this.#options;
    const queue = new PartQueue(this);
    const ended = new Promise<StreamEnding>((resolve) => {
      this.#onEnded = resolve;
    });
    this.#queue = queue;
    this.#host.deadline.suspend();
    queue.push(joined(this.#held));
    this.#held = [];
    this.#host.settle({ kind: 'stream', status, headers: secret.keptFromHeaders(headers), parts: queue, ended });
  }

  /** Silence counts only while the reader waits: one that is slow keeps the provider waiting, not the other way round. */
  onWaiting(): void {
    const { decoder, idleTimeoutMs } = this.#options;
    this.#host.deadline.dueIn(decoder.isComplete ? Math.min(GRACE_MS, idleTimeoutMs) : idleTimeoutMs);
  }

  onFull(): void {
    this.#host.pause();
  }

  onDrained(): void {
    this.#host.resume();
  }

  #complete(): void {
    this.#isClosed = true;
    this.#host.deadline.clear();
    // The ending is told once the reader has seen it: what lies unread is bounded by the calls at once.
    this.#queue?.finish();
  }

  #breakAt(fault: StreamFault): void {
    if (!('reported' in fault)) return this.#break(fault);
    const { failures, wallMs } = this.#options;
    const error = failures.ofStreamError(fault.reported, this.#options, wallMs());
    if (!this.#queue) return this.#fail(error);
    this.#fail(failures.midStream({ code: 'stream_error', message: `reported an error in its stream: ${error.message}`, cause: error }));
  }

  #break(fault: CallFault): void {
    const { failures, wallMs } = this.#options;
    this.#fail(this.#queue ? failures.midStream(fault) : failures.ofNoContent(fault, this.#options, wallMs()));
  }

  /** What was decoded before still goes to the reader, unless told otherwise. */
  #fail(error: Error, tell: (queue: PartQueue) => void = (queue) => queue.finish(error)): void {
    if (this.#error) return;
    this.#isClosed = true;
    this.#error = error;
    this.#held = [];
    if (!this.#queue) return this.#host.fail(error);
    this.#host.hangUp(error);
    this.#host.release();
    tell(this.#queue);
    this.#tellEnding();
  }

  onOver(hasLeft: boolean): void {
    const drains = hasLeft && this.#options.decoder.isComplete && !this.#isClosed;
    this.#isClosed = true;
    this.#tellEnding();
    if (drains) return this.#drain();
    if (hasLeft) this.#host.hangUp(new Error('The stream is not wanted any more.'));
    this.#letGo();
  }

  /** Reads the few bytes behind the end away, so that the connection can be used again. */
  #drain(): void {
    this.#host.deadline.dueIn(GRACE_MS);
    this.#host.resume();
  }

  #letGo(): void {
    this.#host.release();
  }

  #tellEnding(): void {
    const { decoder, usage } = this.#options;
    this.#onEnded({ complete: decoder.isComplete, usage: usage(), error: this.#error });
  }
}

function joined(parts: readonly StreamPart[]): StreamPart {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  return { raw: Buffer.concat(parts.map(({ raw }) => raw)), events: parts.flatMap(({ events }) => events) };
}
