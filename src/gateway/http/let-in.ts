import type { FastifyRequest } from 'fastify';
import type { Caller } from '../calls/caller.ts';
import type { GatewayParts } from '../gateway-parts.ts';

/** Who asks for something new: nothing of it is taken any more while the gateway closes. Rejects with `EngineStopped` or `TenantRefused`. */
export async function letIn(
  { closing, authenticate }: Pick<GatewayParts, 'closing' | 'authenticate'>,
  request: FastifyRequest,
): Promise<Caller> {
  const refusal = closing();
  if (refusal !== undefined) throw refusal;
  return authenticate(request);
}
