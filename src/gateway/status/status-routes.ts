import type { FastifyReply } from 'fastify';
import { ownAnswer } from '../../client/fetch/error-answer.ts';
import type { AddRoutes } from '../gateway-parts.ts';
import { sendError } from '../http/send-answer.ts';
import { isStillLetIn } from '../http/still-let-in.ts';
import { GatewayView, type StatusSources } from './gateway-view.ts';
import { type BroadcastOptions, StatusBroadcast } from './status-broadcast.ts';
import type { TenantTally } from './tenant-tally.ts';

const RETRY_AFTER_SECONDS = 5;

export interface StatusRoutesOptions extends Partial<Omit<BroadcastOptions, 'clock'>> {
  /** Hears of every call. */
  readonly tally: TenantTally;
  readonly budgetsOf?: StatusSources['budgetsOf'];
}

/** `GET /status`, and `GET /status/events`: the same as server-sent events, whenever it has changed. */
export function statusRoutes({ tally, budgetsOf, ...timing }: StatusRoutesOptions): AddRoutes {
  return (app, parts) => {
    const mayUse: StatusSources['mayUse'] = (caller, modelId) => parts.mayUse(caller, modelId);
    const sources: StatusSources = { headgate: parts.headgate, tally, budgetsOf, mayUse };
    const broadcast = new StatusBroadcast(sources, { heartbeatMs: 15_000, mostReaders: 100, ...timing, clock: parts.clock });
    app.addHook('preClose', async () => broadcast.close());

    app.get('/status', async (request, reply) => {
      const caller = await parts.authenticate(request);
      reply.header('cache-control', 'no-store');
      return new GatewayView(sources).of(caller);
    });

    // Whoever asks for the head alone would wait for an end that never comes.
    app.get('/status/events', { exposeHeadRoute: false }, async (request, reply) => {
      const caller = await parts.authenticate(request);
      const stream = broadcast.open(caller, () => isStillLetIn(parts.authenticate(request)));
      const closing = parts.closing();
      if (stream === undefined && closing !== undefined) throw closing;
      if (stream === undefined) return tooMany(reply);
      return reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }).send(stream);
    });
  };
}

function tooMany(reply: FastifyReply): FastifyReply {
  const message = `As many readers as there may be follow /status/events. Come back in ${RETRY_AFTER_SECONDS} s, or read /status.`;
  return sendError(reply, ownAnswer('openai-chat', 503, 'too_many_readers', message, { 'retry-after': String(RETRY_AFTER_SECONDS) }));
}
