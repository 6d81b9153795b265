import { httpReply } from '../http-reply.ts';
import type { ReplyHeaders, WireUsage } from '../provider.ts';
import type { BodyReader, CallHost } from './body-reader.ts';
import type { CallFailures, CallFault } from './call-failures.ts';
import { judgeReply } from './judge-reply.ts';
import type { Secret } from './secret.ts';

export const MAX_RESPONSE_BYTES = 256 * 1024 * 1024;
/** Of an error's body: more than this explains nothing. */
const MAX_ERROR_BYTES = 1024 * 1024;

/** What a whole answer needs to be made of its bytes. */
export interface GatheredBodyOptions {
  readonly status: number;
  readonly headers: ReplyHeaders;
  readonly failures: CallFailures;
  readonly secret: Secret;
  readonly wallMs: () => number;
  readonly usageOf: (json: unknown) => WireUsage | undefined;
  /** Longest silence inside the body; undefined: the deadline that holds already goes on. */
  readonly silenceMs: number | undefined;
  /** What is said when the deadline passes. */
  readonly onDueFault: CallFault;
}

/** A body that is read whole, then classified. */
export class GatheredBody implements BodyReader {
  readonly #options: GatheredBodyOptions;
  readonly #host: CallHost;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(options: GatheredBodyOptions, host: CallHost) {
    this.#options = options;
    this.#host = host;
    this.#extend();
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#bytes += chunk.length;
    this.#extend();
    if (this.#bytes > MAX_RESPONSE_BYTES) {
      const message = `sent a response of more than ${MAX_RESPONSE_BYTES} bytes`;
      return this.#fail(this.#options.failures.retryable({ code: 'response_too_large', message }));
    }
    this.#chunks.push(chunk);
    if (this.#options.status < 300 || this.#bytes <= MAX_ERROR_BYTES) return;
    this.onEnd();
    this.#host.hangUp(new Error('The error is longer than anybody reads.'));
  }

  onEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { status, headers, failures, secret, wallMs, usageOf } = this.#options;
    const received = httpReply(status, headers, this.#text());
    const judged = judgeReply(received, secret, wallMs());
    const error = failures.ofReply(judged);
    if (error) return this.#host.fail(error);
    const { reply } = judged;
    const usage = usageOf(received.json);
    this.#host.settle({ kind: 'whole', status, headers: reply.headers, text: reply.text, json: reply.json, usage });
    this.#host.release();
  }

  onBroken(error: unknown): void {
    this.#fail(this.#options.failures.ofNetwork(error));
  }

  onDue(): void {
    this.#fail(this.#options.failures.retryable(this.#options.onDueFault));
  }

  onAborted(reason: Error): void {
    this.#fail(reason);
  }

  #extend(): void {
    if (this.#options.silenceMs !== undefined) this.#host.deadline.dueIn(this.#options.silenceMs);
  }

  #text(): string {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [];
    return body.toString('utf8');
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#chunks = [];
    this.#host.fail(error);
  }
}
