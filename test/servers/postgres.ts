import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { findPostgres, POSTGRES_MISSING } from '../../scripts/ensure-servers.ts';
import { PrivateServer } from './private-server.ts';

/** Nothing here must survive a power cut, and every test pays for what does. */
const QUICK = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'shared_buffers=16MB',
  'max_connections=60',
  'autovacuum=off',
];

/** A Postgres of the test's own, that it may stop, pause and start again; there in some seconds. {@link freshDatabase} is quicker. */
export async function openPostgres(): Promise<PrivateServer> {
  const folder = findPostgres();
  if (folder === undefined) throw new Error(POSTGRES_MISSING);
  const uid = otherUser();
  return PrivateServer.open(
    {
      name: 'postgres',
      ready: /database system is ready to accept connections/,
      killedBy: 'SIGQUIT',
      uid,
      command: (data, port) => [
        join(folder, 'postgres'),
        ...['-D', join(data, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', data],
        ...QUICK.flatMap((setting) => ['-c', setting]),
      ],
      url: (port) => `postgresql://postgres@127.0.0.1:${port}/postgres`,
    },
    (data) => {
      if (uid !== undefined) chownSync(data, uid, uid);
      chmodSync(data, 0o700);
      const args = ['-D', join(data, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
      const { status, stderr, error } = spawnSync(join(folder, 'initdb'), args, { uid, gid: uid, cwd: data, encoding: 'utf8' });
      if (status !== 0) throw new Error(`initdb failed: ${error?.message ?? stderr}`);
    },
  );
}

/** Postgres refuses to run as root: the user whom its package made, else nobody. */
function otherUser(): number | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const user of ['postgres', 'nobody']) {
    const { status, stdout } = spawnSync('id', ['-u', user], { encoding: 'utf8' });
    if (status === 0) return Number(stdout);
  }
  throw new Error(
    'Postgres refuses to run as root, and this machine has neither a user postgres nor nobody. Run the tests as another user.',
  );
}
