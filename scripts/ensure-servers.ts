import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findExecutable, installOnDebian } from './find-executable.ts';

/** Where Debian keeps what needs no place on the PATH; a folder for each version. */
const DEBIAN_POSTGRES = '/usr/lib/postgresql';
const HOMEBREW = ['/opt/homebrew/bin', '/usr/local/bin'];

export const REDIS_MISSING =
  'These tests need a Redis server and found none. Install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis), ' +
  'or name a running one in REDIS_URL (redis://host:port).';

export const POSTGRES_MISSING =
  'These tests need a Postgres server and found none. Install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), ' +
  'or name a running one in DATABASE_URL (postgresql://user:password@host:port/database; the user must be allowed to create databases).';

/** The executable `redis-server` on this machine; undefined without one. */
export function findRedis(): string | undefined {
  return findExecutable(['redis-server', ...HOMEBREW.map((folder) => join(folder, 'redis-server'))]);
}

/** The folder with Postgres' executables `postgres` and `initdb`, the newest where there are several; undefined without one. */
export function findPostgres(): string | undefined {
  const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    ...versions.map((version) => join(DEBIAN_POSTGRES, version, 'bin/initdb')),
    'initdb',
    ...HOMEBREW.map((folder) => join(folder, 'initdb')),
  ];
  const initdb = findExecutable(places);
  return initdb === undefined ? undefined : dirname(initdb);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const needsRedis = !process.env['REDIS_URL'];
  const needsPostgres = !process.env['DATABASE_URL'];
  const missing = [...(needsRedis && !findRedis() ? ['redis-server'] : []), ...(needsPostgres && !findPostgres() ? ['postgresql'] : [])];
  if (missing.length > 0) installOnDebian(missing, 'The tests of the stores need servers');
  console.log(needsRedis ? `Redis: ${findRedis() ?? REDIS_MISSING}` : 'Redis: the one in REDIS_URL');
  console.log(needsPostgres ? `Postgres: ${findPostgres() ?? POSTGRES_MISSING}` : 'Postgres: the one in DATABASE_URL');
}
