import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { read, readCompose, wordsOf } from '../deploy/container-files.ts';
import { freshDatabase } from '../servers/fresh-database.ts';
import { anyRedis } from '../servers/redis.ts';
import { Headgate, temporaryFolder } from './cli-harness.ts';

/** The last of each flag counts. */
const ANY_PORT = ['--port', '0'];

it('the containers’ commands work together, with Postgres and Redis: a key is made, a call is answered, the health check passes', async () => {
  const { services } = readCompose();
  const [database, redis, folder] = [await freshDatabase(), await anyRedis(), temporaryFolder()];
  const simulator = new Headgate([...(services['simulator']?.command ?? []), ...ANY_PORT]);
  const simulated = await firstLine(simulator);
  const config = join(folder, 'headgate.yaml');
  writeFileSync(config, read('deploy/headgate.yaml').replaceAll('http://simulator:8090', local(simulated)));
  const options = { cwd: folder, env: { HEADGATE_CONFIG: config, DATABASE_URL: database.url, REDIS_URL: redis.url } };

  const refused = await new Headgate([...wordsOf('CMD'), ...ANY_PORT], options).ended;
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('headgate keys create');

  const { stdout: key } = await new Headgate(['keys', 'create', '--tenant', 'me', '--admin'], options).ended;
  const gateway = new Headgate([...wordsOf('CMD'), ...ANY_PORT], options);
  const url = local(await firstLine(gateway));
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.trim()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'What is a weir?' }], max_tokens: 9 }),
  });
  expect(answer.status, await answer.text()).toBe(200);
  expect((await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key.trim()}` } })).status).toBe(200);

  const [, ...check] = wordsOf('HEALTHCHECK').map((word) => word.replace('http://127.0.0.1:8080', url));
  execFileSync(process.execPath, check);
  gateway.process.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
  expect(() => execFileSync(process.execPath, check, { stdio: 'ignore' })).toThrow();
  simulator.process.kill('SIGTERM');
  await simulator.ended;
  await Promise.all([database.drop(), redis.remove()]);
});

async function firstLine(headgate: Headgate): Promise<string> {
  await headgate.prints(({ stdout }) => stdout.includes('\n'));
  const line = headgate.stdout.split('\n')[0] ?? '';
  expect(line, headgate.stderr).toMatch(/^http/);
  return line;
}

function local(url: string): string {
  return url.replace('0.0.0.0', '127.0.0.1');
}
