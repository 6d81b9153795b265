import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Headgate, headgate, promptLines, results, simulator, temporaryFolder } from './cli-harness.ts';

describe('headgate simulate', () => {
  it('prints its URL as the first line, enforces its limits, tells what it saw, and ends on a signal', async () => {
    const process = new Headgate([
      'simulate',
      '--preset',
      'openai',
      '--rpm',
      '2',
      '--window-seconds',
      '60',
      '--mechanism',
      'fixed',
      '--count-delay',
      '0',
      '--model',
      'a,b',
    ]);
    await process.prints(({ stdout }) => stdout.includes('\n'));
    const url = process.stdout.split('\n')[0] ?? '';
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const ask = async (model: string): Promise<number> => {
      const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], max_tokens: 2 });
      return (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status;
    };
    expect([await ask('a'), await ask('a'), await ask('a'), await ask('b'), await ask('c')]).toEqual([200, 200, 429, 200, 404]);
    const stats = (await (await fetch(`${url}/__stats`)).json()) as { limits: unknown[] };
    expect(stats).toMatchObject({ accepted: 3, refused: 1, faults: 0 });
    expect(stats.limits[0]).toMatchObject({
      model: 'a',
      type: 'rpm',
      limit: 2,
      windowMs: 60_000,
      mechanism: 'fixed',
      accepted: 2,
      mostInAnyWindow: 2,
    });
    process.process.kill('SIGINT');
    expect((await process.ended).code).toBe(0);
  });
});

describe('headgate machines', () => {
  it('prints the charts as pictures, or as definitions by id', async () => {
    const pictures = await headgate(['machines']);
    expect(pictures.code).toBe(0);
    expect(pictures.stdout.match(/^stateDiagram-v2$/gm)).toHaveLength(7);
    const { code, stdout } = await headgate(['machines', '--format', 'json']);
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual([
      'circuit',
      'deployment',
      'engine',
      'limiter',
      'modelScheduler',
      'quotaDomain',
      'request',
    ]);
  });
});

describe('headgate', () => {
  it('explains itself', async () => {
    const help = await headgate(['--help']);
    expect(help.code).toBe(0);
    for (const command of ['run', 'simulate', 'machines', 'demo']) expect(help.stdout).toContain(`\n  ${command} `);
    const run = await headgate(['run', '--help']);
    for (const flag of [
      '--output',
      '--model',
      '--base-url',
      '--api-key-env',
      '--rpm',
      '--tpm',
      '--itpm',
      '--otpm',
      '--rpd',
      '--concurrency',
      '--window-seconds',
      '--limit',
      '--json',
    ])
      expect(run.stdout).toContain(flag);
    expect((await headgate(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await headgate([])).code).toBe(2);
  });
});

describe('headgate demo', () => {
  it('uses nearly all of the limits without a refusal and writes every result, again and again, but over nobody else’s file', async () => {
    const cwd = temporaryFolder();
    const { code, stdout, stderr } = await headgate(['demo', '--json'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain('2,000/2,000');
    const report = JSON.parse(stdout) as {
      seconds: number;
      limits: { type: string; share: number }[];
      provider: { limits: { type: string; limit: number; share: number; mostInAnyWindow: number }[] };
    };
    expect(report).toMatchObject({ total: 2000, completed: 2000, refusals: 0, provider: { accepted: 2000, refused: 0 } });
    expect(report.seconds).toBeLessThan(40);
    for (const limits of [report.limits, report.provider.limits]) {
      const binding = limits.map(({ share }) => share).sort((a, b) => b - a);
      expect(binding[0]).toBeGreaterThanOrEqual(0.95);
      expect(binding[1]).toBeGreaterThanOrEqual(0.93);
    }
    for (const { limit, mostInAnyWindow } of report.provider.limits) expect(mostInAnyWindow).toBeLessThanOrEqual(limit);
    expect(results(join(cwd, 'results.jsonl'))).toHaveLength(2000);

    const again = new Headgate(['demo'], { cwd });
    await again.prints(({ stdout: text }) => text.includes('Simulated provider on'));
    await again.prints(({ stdout: text }) => /\n\d+\/2,000/.test(text));
    again.process.kill('SIGINT');
    expect((await again.ended).code).toBe(130);

    const other = temporaryFolder();
    writeFileSync(join(other, 'results.jsonl'), 'mine\n');
    const refused = await headgate(['demo'], { cwd: other });
    expect({ code: refused.code, stderr: refused.stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining("is not the demo's") as string,
    });
  });
});

describe('a batch with tenants, priorities and several limits at once', () => {
  it('stays within all of them', async () => {
    const limits = ['--rpm', '60', '--tpm', '2000', '--window-seconds', '2'];
    const { url, stats } = await simulator(...limits, '--mechanism', 'sliding');
    const cwd = temporaryFolder();
    const text =
      promptLines(120, { tenant: 'a', priority: 1 }) +
      promptLines(120, { tenant: 'b' }).replaceAll('"id":"r', '"id":"s').replaceAll('"max_tokens":8', '"max_tokens":20');
    writeFileSync(join(cwd, 'in.jsonl'), text);
    const { code } = await headgate(
      ['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url, ...limits, '--counted-within', '1000'],
      { cwd },
    );
    expect(code).toBe(0);
    const seen = await stats();
    expect(seen).toMatchObject({ accepted: 240, refused: 0 });
    for (const { limit, mostInAnyWindow } of seen.limits) expect(mostInAnyWindow).toBeLessThanOrEqual(limit);
  });
});
