import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headgate, simulator, temporaryFolder } from './cli-harness.ts';

const KEY = 'sk-live-0123456789abcdefghijklmnop';

function configuration(text: string): string {
  const path = join(temporaryFolder(), 'config.yaml');
  writeFileSync(path, text);
  return path;
}

describe('headgate check', () => {
  it('prints what was understood, with keys masked, and ends with 0', async () => {
    const path = configuration('providers: {openai: {api_keys: [env:MY_KEY], models: [gpt-4o], rate_limits: {requests_per_minute: 500}}}');
    const { code, stdout, stderr } = await headgate(['check', path], { env: { MY_KEY: KEY } });
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      `${path}: 1 model, 1 deployment`,
      '',
      'gpt-4o: chat · 4 attempts',
      '  openai-1  openai  https://api.openai.com/v1  gpt-4o  sk-…mnop  500 rpm',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain(KEY);
  });

  it('prints each problem on a line, with its place, and ends with 1', async () => {
    const path = configuration(`models:\n  m:\n    rate_limiters: [{type: rpm, limit: 0}]\n    api_key: ${KEY}\n`);
    const { code, stdout, stderr } = await headgate(['check', path]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.trim().split('\n')).toEqual([
      `headgate: ${path}:3:40: models.m.rateLimiters[0].limit: expected a limit, a whole number > 0, not 0`,
      expect.stringContaining(`headgate: ${path}:4:5: models.m.apiKey: unknown key "apiKey"; known here: deployments, `),
    ]);
    expect(stderr).not.toContain(KEY);
  });

  it('prints one JSON object with --json, of a problem too', async () => {
    const path = configuration(`models: {m: {deployments: [{provider: openai, api_key: ${KEY}, headers: {x-a: ${KEY}}}]}}`);
    const right = await headgate(['check', path, '--json']);
    expect(right.code).toBe(0);
    expect(JSON.parse(right.stdout)).toMatchObject({
      models: { m: { deployments: [{ id: 'openai-1', apiKey: 'sk-…mnop' }] } },
      warnings: [],
    });
    expect(right.stdout).not.toContain(KEY);
    const wrong = await headgate(['check', join(path, '..', 'none.yaml'), '--json']);
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      error: { code: 'invalid_configuration', problems: [expect.stringContaining('no such file')] },
    });
  });

  it('calls each deployment with --probe, and ends with 1 where one fails', async () => {
    const { url } = await simulator('--api-key', KEY, '--model', 'gpt-4o');
    const openai = (key: string): string => `{provider: openai, base_url: "${url}/v1", api_key: ${key}}`;
    const good = await headgate(['check', configuration(`models: {gpt-4o: {deployments: [${openai(KEY)}]}}`), '--probe']);
    expect(good.stdout).toMatch(/\nprobe\n {2}openai-1 {2}ok {2}\d+ ms\n$/);
    expect(good.code).toBe(0);
    const path = configuration(
      `models: {gpt-4o: {deployments: [${openai(KEY)}, ${openai('sk-wrong-wrong-wrong-wrong')}, {provider: vllm, base_url: "http://127.0.0.1:1"}]}}`,
    );
    const bad = await headgate(['check', path, '--probe', '--json']);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      probe: [
        { deploymentId: 'openai-1', ok: true },
        { deploymentId: 'openai-2', ok: false },
        { deploymentId: 'vllm-1', ok: false },
      ],
    });
    expect(bad.stdout).not.toContain(KEY);
    expect(bad.stdout).not.toContain('wrong-wrong');
  });
});
