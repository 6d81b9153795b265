import { findRedis, REDIS_MISSING } from '../../scripts/ensure-servers.ts';
import { PrivateServer } from './private-server.ts';

/** A Redis of the test's own, that it may stop, pause and start again; there in some 20 ms. */
export function openRedis(): Promise<PrivateServer> {
  const executable = findRedis();
  if (executable === undefined) throw new Error(REDIS_MISSING);
  return PrivateServer.open({
    name: 'redis',
    ready: /Ready to accept connections/,
    killedBy: 'SIGKILL',
    command: (folder, port) => [
      executable,
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ],
    url: (port) => `redis://127.0.0.1:${port}`,
  });
}

/** A Redis to use and not to stop: the one in `REDIS_URL`, else one of the test's own. Others' keys may be in it: take a prefix. */
export async function anyRedis(): Promise<{ readonly url: string; remove(): Promise<void> }> {
  const url = process.env['REDIS_URL'];
  return url ? { url, remove: async (): Promise<void> => {} } : await openRedis();
}
