import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SDK_NAMES, sdkClient, statusOf } from '../gateway/sdk-clients.ts';
import { Headgate, simulator, temporaryFolder } from './cli-harness.ts';

interface Served {
  readonly process: Headgate;
  readonly url: string;
  readonly cwd: string;
}

async function serve(cwd: string, ...flags: string[]): Promise<Served> {
  const process = new Headgate(['serve', '--port', '0', ...flags], { cwd });
  await process.prints(({ stdout }) => stdout.includes('\n'));
  const url = process.stdout.trim();
  expect(url, process.stderr).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  return { process, url, cwd };
}

const CALL = { max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] };

const post = (url: string, path: string, body: object): Promise<Response> =>
  fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

describe('headgate serve, told nothing', () => {
  it('answers every SDK on models of both protocols, and leaves with 0 when it is told to', async () => {
    const { process, url, cwd } = await serve(temporaryFolder());
    const models = ['simulated', 'simulated-anthropic'];
    await Promise.all(
      SDK_NAMES.flatMap((name) =>
        models.map(async (model) => {
          const client = sdkClient(name, url);
          expect(await client.chat(model), name).not.toBe('');
          let streamed = '';
          for await (const text of client.stream(model)) streamed += text;
          expect(streamed, name).not.toBe('');
          expect(await client.tool(model), name).toBe('look_up');
          if (client.embed !== undefined && model === 'simulated') expect(await client.embed(model), name).toBe(2);
          const error: unknown = await client.chat('nobody').catch((thrown: unknown) => thrown);
          expect(statusOf(error), name).toBe(404);
        }),
      ),
    );
    const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(models);
    process.process.kill('SIGTERM');
    const { code, stderr } = await process.ended;
    expect(code).toBe(0);
    expect(stderr).toContain(
      'Keys and accepted work are in headgate.db; telemetry: headgate-telemetry.db.\nStopping: calls have 30 s to end',
    );
    expect(existsSync(join(cwd, 'headgate.db'))).toBe(true);
  });
});

describe('SIGTERM', () => {
  it('ends the intake, lets streams end, answers whoever still waits, and the exit code is 0', async () => {
    const upstream = await simulator('--rpm', '100000', '--latency', '10-20/2000-2000');
    const cwd = temporaryFolder();
    const deployments = [{ provider: 'openai', baseUrl: `${upstream.url}/v1`, apiKey: 'key' }];
    const limited = { deployments, rateLimiters: [{ type: 'rpm', limit: 1 }] };
    writeFileSync(join(cwd, 'headgate.json'), JSON.stringify({ models: { free: { deployments }, limited } }));
    const { process, url } = await serve(cwd, '-c', 'headgate.json', '--drain-seconds', '3');
    expect((await post(url, '/v1/chat/completions', { ...CALL, model: 'limited' })).status).toBe(200);
    const queued = [
      post(url, '/v1/chat/completions', { ...CALL, model: 'limited' }),
      post(url, '/v1/messages', { ...CALL, model: 'limited' }),
    ];
    const running = post(url, '/v1/messages', { ...CALL, model: 'free' });
    const streaming = post(url, '/v1/chat/completions', { ...CALL, model: 'free', max_tokens: 50, stream: true });
    const status = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
    await expect.poll(status).toMatch(/headgate_queue_depth\{[^}]*model="limited"[^}]*\} 2/);
    await expect.poll(async () => (await upstream.stats()).accepted).toBe(3);
    process.process.kill('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await post(url, '/v1/chat/completions', { ...CALL, model: 'free' })).status).toBe(503);
    expect((await running).status).toBe(200);
    expect(await (await streaming).text()).toContain('data: [DONE]');
    for (const call of queued) {
      const answer = await call;
      expect(answer.status).toBe(503);
      expect(await answer.text()).toContain('engine_stopped');
    }
    const { code, stderr } = await process.ended;
    expect(code, stderr).toBe(0);
    expect(process.process.signalCode).toBeNull();
  });
});
