import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WireFormatName } from '../../domain/wire-format.ts';
import { uuidSource } from '../../lib/ids.ts';
import type { AddRoutes, GatewayParts } from '../gateway-parts.ts';
import { answerHeaders } from '../http/answer-headers.ts';
import { callOptions } from '../http/call-options.ts';
import { ClientPresence } from '../http/client-presence.ts';
import { jsonBody } from '../http/json-body.ts';
import { letIn } from '../http/let-in.ts';
import { protocolHeaders } from '../http/protocol-headers.ts';
import { RemainingLimits } from '../http/remaining-limits.ts';
import { sendStream, sendWhole } from '../http/send-answer.ts';

/** The paths of OpenAI's and Anthropic's model calls. */
const CALL_PATHS: Readonly<Record<string, WireFormatName>> = {
  '/v1/chat/completions': 'openai-chat',
  '/v1/responses': 'openai-responses',
  '/v1/embeddings': 'openai-embeddings',
  '/v1/messages': 'anthropic-messages',
};

/**
 * Both faces: a call waits for its turn in its model's queue, and is answered as its provider would have.
 * @param writeTimeoutMs longest time that a stream's reader may take nothing; 0: any
 */
export function modelCallRoutes(writeTimeoutMs: number): AddRoutes {
  return (app, parts) => {
    const newId = uuidSource();
    const remaining = new RemainingLimits(parts.headgate, parts.clock);
    for (const [path, format] of Object.entries(CALL_PATHS)) {
      app.post(path, (request, reply) => answer({ parts, remaining, requestId: newId(), format, writeTimeoutMs }, request, reply));
    }
  };
}

/** One call and what it is answered with. */
interface RouteCall {
  readonly parts: GatewayParts;
  readonly remaining: RemainingLimits;
  readonly requestId: string;
  readonly format: WireFormatName;
  readonly writeTimeoutMs: number;
}

async function answer(
  { parts, remaining, requestId, format, writeTimeoutMs }: RouteCall,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { clock, calls, logger } = parts;
  const receivedAt = clock.wallMs();
  // Errors too: by it whoever asks finds them in the telemetry.
  reply.header('x-headgate-request-id', requestId);
  const caller = await letIn(parts, request);
  const body = jsonBody(request.body);
  const { priority, deadline } = callOptions(request.headers, receivedAt);
  const { traceparent } = request.headers;
  const client = new ClientPresence(reply.raw);
  const answered = await calls.run({
    requestId,
    kind: 'interactive',
    caller,
    format,
    body,
    headers: protocolHeaders(request.headers),
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
    priority,
    deadline,
    receivedAt,
    onQueued: client.onQueued,
  });
  const { answer: wire, modelId } = answered.dispatched;
  const { admission } = answered;
  const left = (admission.requests ?? admission.tokens) ? admission : remaining.of(modelId);
  const written = answerHeaders(format, answered, left, clock.wallMs());
  if (wire.kind === 'whole') {
    client.release();
    sendWhole(reply, wire.status, written, wire.text);
    return reply;
  }
  await sendStream(reply, wire, { format, status: wire.status, headers: written, logger, clock, writeTimeoutMs });
  return reply;
}
