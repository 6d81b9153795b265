import type { FastifyInstance } from 'fastify';
import { providerFailureIn } from '../../client/dispatch/failure-chain.ts';
import { unknownModel } from '../../client/dispatch/unknown-model.ts';
import type { Upstream } from '../../client/dispatch/upstream.ts';
import type { JsonObject } from '../../domain/chat.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import { encodingOf, loadTokenizer } from '../../providers/tokenizer.ts';
import { estimateCall } from '../../scheduling/estimates/estimate-call.ts';
import { modelIn } from '../calls/call-runner.ts';
import { TenantRefused } from '../calls/tenant-refused.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { headersOf } from '../http/answer-headers.ts';
import { jsonBody } from '../http/json-body.ts';
import { letIn } from '../http/let-in.ts';
import { protocolHeaders } from '../http/protocol-headers.ts';

const FORMAT = 'anthropic-messages';

/**
 * Anthropic's token count. Where a deployment of the model is Anthropic's it is asked itself, beside the queue: such counts have
 * limits of their own there. For other models, and where Anthropic refuses or fails, it is counted here, and the answer says so with `x-headgate-estimated`.
 */
export function addCountTokens(app: FastifyInstance, { headgate, authenticate, mayUse, closing, logger }: GatewayParts): void {
  app.post('/v1/messages/count_tokens', async (request, reply) => {
    const caller = await letIn({ closing, authenticate }, request);
    const body = jsonBody(request.body);
    const model = modelIn(body);
    if (!mayUse(caller, model)) throw forbidden(model);
    const known = headgate.queues.getRegisteredModels();
    if (!known.includes(model)) throw unknownModel(model, known);
    const upstream = headgate.upstreamsOf(model).find(({ endpoint }) => endpoint.preset.formats.includes(FORMAT));
    const answer = upstream && (await askUpstream(upstream, body, protocolHeaders(request.headers)).catch(unlessCallIsWrong));
    if (answer === undefined || answer instanceof Error) {
      if (answer !== undefined) logger.warn({ err: answer, model }, 'a provider did not count tokens: they are counted here');
      return reply.header('x-headgate-estimated', 'true').send({ input_tokens: await counted(model, body) });
    }
    return reply.code(answer.status).headers(headersOf(answer.headers, {})).send(answer.text);
  });
}

function askUpstream({ endpoint, model }: Upstream, body: JsonObject, headers: Record<string, string> | undefined) {
  const path = `${endpoint.preset.path(FORMAT, { model })}/count_tokens`;
  return endpoint.post(path, JSON.stringify({ ...body, model }), headers);
}

/** What is wrong with the call its caller is told; everything else it could not change, and it can be counted without them. */
function unlessCallIsWrong(error: unknown): Error {
  if (!(error instanceof Error) || providerFailureIn(error)?.scope === 'request' || error instanceof InvalidRequest) throw error;
  return error;
}

async function counted(model: string, body: JsonObject): Promise<number> {
  const tokenizer = await loadTokenizer(encodingOf(model));
  return estimateCall(FORMAT, body, { tokenizer }).input;
}

function forbidden(model: string): TenantRefused {
  return new TenantRefused({ status: 403, code: 'model_forbidden', message: `Your key may not use the model '${model.slice(0, 200)}'.` });
}
