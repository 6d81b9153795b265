import type { ReplyHeaders, WireUsage } from '../provider.ts';
import { LiveBody } from '../streams/live-body.ts';
import { StreamDecoder } from '../streams/stream-decoder.ts';
import type { StreamReader } from '../streams/stream-reader.ts';
import type { BodyReader, CallHost } from './body-reader.ts';
import type { CallFailures, CallFault } from './call-failures.ts';
import { GatheredBody } from './gathered-body.ts';
import type { Secret } from './secret.ts';

/** What every answer of a call needs. */
export interface AnswerContext {
  readonly failures: CallFailures;
  readonly secret: Secret;
  readonly wallMs: () => number;
  readonly wholeUsage: (json: unknown) => WireUsage | undefined;
  /** What is said when the call's first deadline passes. */
  readonly firstWaitFault: CallFault;
}

/** What a streamed answer needs besides. */
export interface StreamContext {
  readonly reader: StreamReader;
  readonly usage: () => WireUsage;
  readonly idleTimeoutMs: number;
  readonly withoutUsageChunk: boolean;
  readonly maxEventBytes: number;
}

/** Longest silence inside a body that is read whole. */
const BODY_SILENCE_MS = 300_000;
/** What a server answers that doesn't stream after all; many label their streams as plain text or not at all. */
const NO_STREAM = /json|html|xml/i;

/** Reads the answer to a call that is no stream. */
export function wholeBody(context: AnswerContext) {
  return (status: number, headers: ReplyHeaders, host: CallHost): BodyReader =>
    new GatheredBody(
      {
        ...context,
        status,
        headers,
        usageOf: context.wholeUsage,
        silenceMs: BODY_SILENCE_MS,
        onDueFault: { code: 'body_timeout', message: `sent nothing for ${BODY_SILENCE_MS / 1000} s inside a response` },
      },
      host,
    );
}

/** Reads the answer to a call for a stream, which may be no stream: an error, or a page of an edge server. */
export function streamBody(context: AnswerContext, stream: StreamContext) {
  return (status: number, headers: ReplyHeaders, host: CallHost): BodyReader => {
    const { failures, secret, wallMs, firstWaitFault, wholeUsage } = context;
    if (status >= 300 || NO_STREAM.test(String(headers['content-type'] ?? ''))) {
      const options = { ...context, status, headers, usageOf: wholeUsage, silenceMs: undefined, onDueFault: firstWaitFault };
      return new GatheredBody(options, host);
    }
    const { reader, usage, idleTimeoutMs, maxEventBytes, withoutUsageChunk } = stream;
    const decoder = new StreamDecoder({ reader, secret, maxEventBytes, withoutUsageChunk });
    const options = {
      status,
      headers,
      decoder,
      failures,
      secret,
      wallMs,
      usage,
      idleTimeoutMs,
      firstTokenFault: firstWaitFault,
      maxHeldBytes: maxEventBytes,
    };
    return new LiveBody(options, host);
  };
}
