import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Headgate } from '../../../src/client/index.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { type Logger, silentLogger } from '../../../src/domain/logger.ts';
import type { CallRequest, ModelCalls } from '../../../src/gateway/calls/call-request.ts';
import type { Caller } from '../../../src/gateway/calls/caller.ts';
import { TenantRefused } from '../../../src/gateway/calls/tenant-refused.ts';
import { gatewayError } from '../../../src/gateway/http/gateway-error.ts';
import { PersistedWork, type PersistedWorkOptions } from '../../../src/gateway/persisted/persisted-work.ts';
import { batchRoutes } from '../../../src/gateway/routes/batches.ts';
import { fileRoutes } from '../../../src/gateway/routes/files.ts';
import { requestRoutes } from '../../../src/gateway/routes/requests.ts';
import type { VirtualClock } from '../../../src/testing/index.ts';

/** Whoever sends `Bearer admin` may see everything, `Bearer <tenant>` is of that tenant. */
function callerOf(authorization: string | undefined): Caller {
  const tenant = /^Bearer (\w+)$/.exec(authorization ?? '')?.[1];
  if (tenant === undefined) throw new TenantRefused({ status: 401, code: 'missing_key', message: 'No key.' });
  return { keyId: `key of ${tenant}`, tenant, isAdmin: tenant === 'admin' };
}

/** Calls straight into the queue, as the gateway's do but for tenants' limits. */
export function callsOf(headgate: Headgate, before: (request: CallRequest) => void = () => {}): ModelCalls {
  return {
    run: async (request) => {
      before(request);
      const { format, body, requestId: id, signal, priority, deadline, onQueued, caller } = request;
      const options = { id, signal, priority, deadline, onQueued, tenant: caller.tenant };
      return {
        dispatched: await headgate.dispatch(String(body['model']), { format, body }, options),
        admission: { priority },
        position: 0,
      };
    },
  };
}

/** Lets time pass until a promise settles, and no more than that: what other work does without a timer comes first. */
export async function gently<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const mark = (): void => {
    isSettled = true;
  };
  promise.then(mark, mark);
  for (;;) {
    await quiet(clock, () => isSettled);
    if (isSettled) return promise;
    const { nextTimerAt } = clock;
    if (nextTimerAt === undefined) throw new Error('Nothing more happens, and the promise has not settled.');
    await clock.advance(Math.max(0, nextTimerAt - clock.now()));
  }
}

/** Lets everything happen that needs no time. */
export async function quiet(clock: VirtualClock, isEnough: () => boolean = () => false): Promise<void> {
  for (let round = 0; round < 50 && !isEnough(); round++) await clock.settle();
}

export interface WorkAppOptions extends Partial<Omit<PersistedWorkOptions, 'clock' | 'calls'>> {
  readonly headgate: Headgate;
  readonly clock: Clock;
  readonly calls?: ModelCalls;
  readonly logger?: Logger;
  /** Tenants whose keys don't hold any more. */
  readonly revoked?: ReadonlySet<string>;
}

export interface WorkApp {
  readonly app: FastifyInstance;
  readonly work: PersistedWork;
}

/** The routes of persisted work alone. */
export async function workApp({
  headgate,
  clock,
  calls = callsOf(headgate),
  logger = silentLogger,
  revoked = new Set(),
  ...options
}: WorkAppOptions): Promise<WorkApp> {
  const known = new Set(headgate.queues.getRegisteredModels());
  const work = await PersistedWork.open({ database: ':memory:', calls, clock, logger, offers: (_, model) => known.has(model), ...options });
  const app = Fastify({ bodyLimit: 1024 * 1024 });
  app.setErrorHandler((error, _, reply) => {
    const { status, text, headers } = gatewayError(error, 'openai-chat');
    return reply.code(status).headers(headers).send(text);
  });
  const parts = {
    headgate,
    calls,
    clock,
    logger,
    authenticate: async ({ headers }: FastifyRequest) => {
      const caller = callerOf(headers.authorization);
      if (revoked.has(caller.tenant)) throw new TenantRefused({ status: 401, code: 'unknown_key', message: 'Revoked.' });
      return caller;
    },
    mayUse: () => true,
    closing: () => undefined,
  };
  for (const routes of [requestRoutes(work), fileRoutes(work), batchRoutes(work)]) routes(app, parts);
  await app.ready();
  work.start();
  return { app, work };
}
