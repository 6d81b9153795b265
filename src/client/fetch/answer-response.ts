import type { WireStream } from '../../providers/provider.ts';
import type { Dispatched } from '../dispatch/dispatch-types.ts';
import { replyHeaders } from './reply-headers.ts';
import { WholeResponse } from './whole-response.ts';

/** A body that comes with one of these all the same can't stand in a Response. */
const STATUSES_WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** An answer as fetch gives it: the upstream's status, headers and body, byte for byte. */
export function answerResponse(dispatched: Dispatched, signal: AbortSignal | undefined): Response {
  const { answer } = dispatched;
  const init = {
    status: STATUSES_WITHOUT_BODY.has(answer.status) ? 200 : answer.status,
    headers: replyHeaders(answer.headers, ownHeaders(dispatched)),
  };
  if (answer.kind === 'whole') return new WholeResponse(answer.text, answer.json, init);
  return new Response(bodyStream(answer, dispatched, signal), init);
}

function ownHeaders({ requestId, deploymentId, attempts, queueMs }: Dispatched): Readonly<Record<string, string>> {
  return {
    'x-headgate-request-id': requestId,
    'x-headgate-deployment': deploymentId,
    'x-headgate-attempts': String(attempts),
    'x-headgate-queue-ms': String(Math.round(queueMs)),
  };
}

/** Reads the upstream only when its reader asks for more; a reader that leaves ends the call. */
function bodyStream({ parts }: WireStream, { cancel }: Dispatched, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  const iterator = parts[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          for (;;) {
            const next = await iterator.next();
            if (next.done) {
              controller.close();
              return;
            }
            // A part may hold nothing to hand on, as a usage chunk that the caller did not ask for.
            if (next.value.raw.byteLength === 0) continue;
            controller.enqueue(next.value.raw);
            return;
          }
        } catch (error) {
          controller.error(signal?.aborted ? signal.reason : error);
        }
      },
      cancel(reason) {
        cancel(reason);
        // A `next` that still waits ends with the call; what it throws is no news to whoever left.
        Promise.resolve(iterator.return?.()).catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}
