import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../domain/clock.ts';

/** For the last bytes of answers that slow callers still read. */
const LINGER_MS = 2_000;

/** Stops to listen once every answer is out. Connections on which nobody ever asked for anything would hold it up for ever. */
export async function closeServer(app: FastifyInstance, clock: Clock): Promise<void> {
  const timer = clock.setTimeout(() => app.server.closeAllConnections(), LINGER_MS);
  await app.close();
  clock.clearTimeout(timer);
}
