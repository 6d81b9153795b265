import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { expect, it } from 'vitest';
import { freshDatabase } from './fresh-database.ts';
import { anyRedis, openRedis } from './redis.ts';

it('a Redis of its own answers, forgets its data when it is stopped, and is at the same address afterwards', async () => {
  await using server = await openRedis();
  const redis = new Redis(server.url);
  try {
    await redis.set('a', '1');
    expect(await redis.get('a')).toBe('1');
    await server.stop();
    await server.start();
    expect(await redis.get('a')).toBeNull();
  } finally {
    redis.disconnect();
  }
});

it('a server is gone with the process that started it, however that went', async () => {
  const script = `const { openRedis } = await import(${JSON.stringify(new URL('./redis.ts', import.meta.url).href)});
    console.log((await openRedis()).url);
    process.kill(process.pid, 'SIGKILL');`;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(signal).toBe('SIGKILL');
  const { port } = new URL(stdout.trim());
  const isThere = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.unref();
    });
  await expect.poll(isThere, { timeout: 5_000 }).toBe(false);
});

it('any Redis takes the one in REDIS_URL', async () => {
  const before = process.env['REDIS_URL'];
  process.env['REDIS_URL'] = 'redis://named';
  try {
    expect((await anyRedis()).url).toBe('redis://named');
  } finally {
    if (before === undefined) delete process.env['REDIS_URL'];
    else process.env['REDIS_URL'] = before;
  }
});

it('fresh databases are empty and apart from each other', async () => {
  const databases = await Promise.all([freshDatabase(), freshDatabase()]);
  try {
    for (const { url } of databases) {
      const client = new Client({ connectionString: url });
      await client.connect();
      await client.query('create table notes (text text)');
      await client.end();
    }
  } finally {
    for (const database of databases) await database.drop();
  }
});
