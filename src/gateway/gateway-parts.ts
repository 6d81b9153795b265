import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Headgate } from '../client/headgate.ts';
import type { Clock } from '../domain/clock.ts';
import type { Logger } from '../domain/logger.ts';
import type { ModelCalls } from './calls/call-request.ts';
import type { Caller } from './calls/caller.ts';

/** What routes are made from. */
export interface GatewayParts {
  readonly headgate: Headgate;
  readonly calls: ModelCalls;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Who sends a request. Rejects with `TenantRefused` (401, 403). */
  authenticate(request: FastifyRequest): Promise<Caller>;
  /** Whether a caller's tenant may have this model. */
  mayUse(caller: Caller, modelId: string): boolean;
  /** Why nothing new is taken any more; undefined: it is. */
  closing(): Error | undefined;
}

/** Adds routes to the gateway's server. Errors that they throw are answered in the form of the path's face. */
export type AddRoutes = (app: FastifyInstance, parts: GatewayParts) => void;
