import { classifyStreamError, classifyStreamHead, type StreamHead } from '../classify-stream-error.ts';
import { httpReply } from '../http-reply.ts';
import { networkProblem } from '../network-failure.ts';
import type { ServerSentEvent } from '../provider.ts';
import { ProviderFailure } from '../provider-failure.ts';
import { verdictToError } from '../verdict-to-error.ts';
import { type Judged, withWords } from './judge-reply.ts';
import type { Secret } from './secret.ts';

/** What went wrong with a call that is nothing the provider said. */
export interface CallFault {
  readonly code: string;
  /** A sentence's end, as `sent no content within 120 s`. */
  readonly message: string;
  readonly cause?: unknown;
}

/** Makes the errors of one endpoint: each names the deployment, none has the key in it. */
export class CallFailures {
  readonly #deploymentId: string;
  readonly #secret: Secret;

  constructor(deploymentId: string, secret: Secret) {
    this.#deploymentId = deploymentId;
    this.#secret = secret;
  }

  /** Why a complete reply is no success; undefined where it is one. */
  ofReply({ verdict, reply }: Judged): Error | undefined {
    return verdict.kind === 'completed' ? undefined : verdictToError(verdict, { deploymentId: this.#deploymentId, reply });
  }

  /** What an event of a stream reports that says that the provider failed. */
  ofStreamError(event: ServerSentEvent, head: StreamHead, wallMs: number): Error {
    const data = this.#secret.censored(event.data);
    const headers = this.#secret.censoredHeaders(head.headers);
    const said = classifyStreamError(event, head, wallMs);
    const verdict = said && withWords(said, classifyStreamError({ ...event, data }, { status: head.status, headers }, wallMs));
    if (!verdict) return this.retryable({ code: 'stream_error', message: 'reported an error in its stream, and nothing about it' });
    return verdictToError(verdict, { deploymentId: this.#deploymentId, reply: httpReply(head.status, headers, data) });
  }

  /** A stream that brought no content: a refusal where its head already was one, else what was found. */
  ofNoContent(fault: CallFault, head: StreamHead, wallMs: number): Error {
    const verdict = classifyStreamHead(head, wallMs);
    return verdict ? verdictToError(verdict, { deploymentId: this.#deploymentId }) : this.retryable(fault);
  }

  /** Of a connection: the call got no answer, or not all of it. May be tried again: it may never have arrived. */
  ofNetwork(error: unknown): ProviderFailure {
    const { code, message } = networkProblem(error);
    if (code === 'UND_ERR_INVALID_ARG') return this.#unsendable(message, error);
    return this.retryable({ code, message: `gave no answer: ${message}`, cause: error });
  }

  /** A key or another header that can't stand in a request: the same next time. */
  #unsendable(message: string, cause: unknown): ProviderFailure {
    return new ProviderFailure({
      message: this.#secret.censored(
        `Deployment '${this.#deploymentId}' can't be called: ${message}. Look for line breaks in its key and headers.`,
      ),
      code: 'invalid_request_headers',
      retryable: false,
      failOver: true,
      scope: 'account',
      deploymentId: this.#deploymentId,
      cause,
    });
  }

  /** Nothing of the answer has been handed out: the same or another deployment may be tried. */
  retryable({ code, message, cause }: CallFault): ProviderFailure {
    return new ProviderFailure({
      message: this.#secret.censored(`Deployment '${this.#deploymentId}' ${message}.`),
      code,
      retryable: true,
      scope: 'deployment',
      deploymentId: this.#deploymentId,
      cause,
    });
  }

  /** Some of a stream has been handed out, so that nothing may be tried again: it would come twice. */
  midStream({ code, message, cause }: CallFault): ProviderFailure {
    return new ProviderFailure({
      message: this.#secret.censored(`Deployment '${this.#deploymentId}' ${message}. A part was delivered, so it is not tried again.`),
      code,
      retryable: false,
      failOver: false,
      scope: 'deployment',
      deploymentId: this.#deploymentId,
      cause,
    });
  }
}
