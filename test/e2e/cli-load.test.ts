import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headgate, simulator, temporaryFolder } from './cli-harness.ts';

const KEYS = ['sk-first-key-of-the-load-test', 'sk-second-key-of-the-load-test'] as const;

interface Report {
  readonly completed: number;
  readonly failed: number;
  readonly firstTokenMs: { readonly p50: number; readonly p99: number } | null;
  readonly latencyMs: { readonly p50: number };
  readonly queueMs: { readonly p99: number };
  readonly errors: Readonly<Record<string, { readonly count: number; readonly message: string }>>;
  readonly deployments: readonly { readonly id: string; readonly completed: number; readonly share: number }[];
}

function configuration(url: string, limit: number): { readonly cwd: string } {
  const cwd = temporaryFolder();
  const deployment = (key: string): string =>
    `{provider: openai, base_url: "${url}/v1", api_key: ${key}, rate_limiters: [{type: rpm, limit: ${limit}, time_period: 1, counted_within_ms: 1000}]}`;
  writeFileSync(
    join(cwd, 'c.yaml'),
    `models: {m: {deployments: [${KEYS.map(deployment).join(', ')}]}, other: {deployments: [${deployment(KEYS[0])}]}}`,
  );
  return { cwd };
}

describe('headgate load', () => {
  it('measures streams over two keys: what was answered where, how soon, and how long it waited', async () => {
    const flags = ['--rpm', '20', '--window-seconds', '1', '--mechanism', 'sliding', '--latency', '60-80/40-60'];
    const { url, stats } = await simulator(...flags, '--api-keys', KEYS.join(','));
    const { cwd } = configuration(url, 20);
    const args = ['load', '-c', 'c.yaml', '--model', 'm', '--requests', '90', '--concurrency', '90', '--stream', '--json', 'report.json'];
    const { code, stdout, stderr } = await headgate(args, { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Configuration: c.yaml\nSending 90 requests to m over openai-1, openai-2, 90 at once, streamed.\n');
    expect(stdout).toMatch(/90\/90 100\.0 %/);
    const text = readFileSync(join(cwd, 'report.json'), 'utf8');
    const report = JSON.parse(text) as Report;
    expect(report).toMatchObject({ target: 'c.yaml', model: 'm', requests: 90, completed: 90, failed: 0, refusals: 0, stream: true });
    expect(report.firstTokenMs?.p50).toBeGreaterThanOrEqual(55);
    expect(report.latencyMs.p50).toBeGreaterThan(report.firstTokenMs?.p50 ?? Number.POSITIVE_INFINITY);
    // 90 requests are more than two windows of both keys.
    expect(report.queueMs.p99).toBeGreaterThan(1000);
    expect(report.deployments.map(({ id }) => id)).toEqual(['openai-1', 'openai-2']);
    expect(report.deployments.reduce((sum, { completed }) => sum + completed, 0)).toBe(90);
    for (const { share } of report.deployments) expect(share).toBeGreaterThan(0.35);
    expect(await stats()).toMatchObject({ accepted: 90, refused: 0 });
    expect(stdout + text).not.toContain('of-the-load-test');
  });

  it('counts errors by their type, and ends with 1 unless failures are allowed', async () => {
    const { url } = await simulator('--rpm', '10000', '--faults', 'notFound=1', '--api-keys', KEYS.join(','));
    const { cwd } = configuration(url, 1000);
    const args = ['load', '-c', 'c.yaml', '--model', 'other', '--requests', '5', '--json'];
    const { code, stdout, stderr } = await headgate(args, { cwd });
    expect(code).toBe(1);
    const { failed, errors, firstTokenMs } = JSON.parse(stdout) as Report;
    expect({ failed, firstTokenMs }).toEqual({ failed: 5, firstTokenMs: null });
    expect(Object.values(errors).map(({ count }) => count)).toEqual([5]);
    expect(stderr).toMatch(/5 × model_not_found: Deployment 'openai-3'/);
    expect((await headgate([...args, '--allow-failures'], { cwd })).code).toBe(0);
    const several = await headgate(['load', '-c', 'c.yaml'], { cwd });
    expect(several).toMatchObject({ code: 2, stderr: 'headgate: c.yaml has 2 models: choose one with --model. It has: m, other.\n' });
  });

  it('runs against a simulated provider of its own where there is no configuration, and hands in at a rate', async () => {
    const { code, stdout, stderr } = await headgate(['load', '--requests', '10', '--rate', '20', '--json', '-']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^No configuration is given: the calls go to a simulated provider on this machine, http:/);
    const report = JSON.parse(stdout) as Report & { readonly seconds: number };
    expect(report).toMatchObject({ target: 'simulated provider', completed: 10, rate: 20 });
    // The tenth is handed in after 9/20 s.
    expect(report.seconds).toBeGreaterThanOrEqual(0.44);
  });
});
