import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Headgate, headgate, promptIds, promptLines, results, simulator, temporaryFolder } from './cli-harness.ts';

const KEYS = ['sk-first-key-of-the-test-1111', 'sk-second-key-of-the-test-2222'] as const;
const WINDOW = ['--window-seconds', '1', '--mechanism', 'sliding'];

interface Report {
  readonly completed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly refusals: number;
  readonly limits: readonly Readonly<Record<string, unknown>>[];
  readonly deployments: readonly (Readonly<Record<string, number>> & { readonly id: string })[];
}

function folder(config: string, lines: string) {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'c.yaml'), config);
  writeFileSync(join(cwd, 'in.jsonl'), lines);
  return { cwd, output: join(cwd, 'out.jsonl') };
}

const openai = (url: string, more = ''): string => `{provider: openai, base_url: "${url}/v1", api_key: ${KEYS[0]}${more}}`;
const RUN = ['run', 'in.jsonl', '-o', 'out.jsonl', '-c', 'c.yaml'];

describe('headgate run -c', () => {
  it('spreads a batch over two keys within the limits of each, and writes no key down', async () => {
    const { url, stats } = await simulator('--rpm', '40', ...WINDOW, '--api-keys', KEYS.join(','));
    const limits = 'rate_limiters: [{type: rpm, limit: 40, time_period: 1, counted_within_ms: 1000}]';
    const { cwd, output } = folder(
      `models: {m: {deployments: [${openai(url, `, ${limits}`)}, {provider: openai, base_url: "${url}/v1", api_key: env:SECOND, ${limits}}]}}`,
      promptLines(240),
    );
    const { code, stdout, stderr } = await headgate([...RUN, '--json'], { cwd, env: { SECOND: KEYS[1] } });
    expect(stderr).toContain('Configuration: c.yaml\n');
    const report = JSON.parse(stdout) as Report;
    expect({ code, completed: report.completed, refusals: report.refusals }).toEqual({ code: 0, completed: 240, refusals: 0 });
    expect(
      results(output)
        .map((line) => line.custom_id)
        .sort(),
    ).toEqual(promptIds(240));
    const seen = await stats();
    expect(seen).toMatchObject({ accepted: 240, refused: 0 });
    for (const { type, mostInAnyWindow } of seen.limits) if (type === 'rpm') expect(mostInAnyWindow).toBeLessThanOrEqual(40);
    expect(report.limits).toEqual(
      ['openai-1', 'openai-2'].map((deployment) => ({
        model: 'm',
        deployment,
        type: 'rpm',
        limit: 40,
        used: expect.any(Number) as number,
        share: expect.any(Number) as number,
      })),
    );
    expect(report.deployments.map(({ id, calls, completed }) => [id, calls === completed])).toEqual([
      ['openai-1', true],
      ['openai-2', true],
    ]);
    expect(report.deployments.reduce((sum, { completed = 0 }) => sum + completed, 0)).toBe(240);
    for (const { share } of report.deployments) expect(share).toBeGreaterThan(0.3);
    const all = stdout + stderr + readFileSync(output, 'utf8') + readFileSync(`${output}.run.json`, 'utf8');
    expect(all).not.toMatch(/key-of-the-test/);
  });

  it('keeps the limits of every key over kill -9 and a restart', async () => {
    const { url, stats } = await simulator('--rpm', '30', '--window-seconds', '3', '--mechanism', 'sliding', '--api-keys', KEYS.join(','));
    const limits = 'rate_limiters: [{type: rpm, limit: 30, time_period: 3, counted_within_ms: 1000}]';
    const second = `{provider: openai, base_url: "${url}/v1", api_key: ${KEYS[1]}, ${limits}}`;
    const { cwd, output } = folder(`models: {m: {deployments: [${openai(url, `, ${limits}`)}, ${second}]}}`, promptLines(130));
    const killed = new Headgate(RUN, { cwd });
    for (let accepted = 0; accepted < 40; accepted = (await stats()).accepted) await new Promise((resolve) => setTimeout(resolve, 20));
    killed.process.kill('SIGKILL');
    await killed.ended;
    const { code, stdout } = await headgate([...RUN, '--json'], { cwd });
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, refusals: 0, failed: 0 });
    expect(
      results(output)
        .map((line) => line.custom_id)
        .sort(),
    ).toEqual(promptIds(130));
    const seen = await stats();
    expect(seen.refused).toBe(0);
    for (const { type, mostInAnyWindow } of seen.limits) if (type === 'rpm') expect(mostInAnyWindow).toBeLessThanOrEqual(30);
  });

  it('goes to another deployment, then to the fallback, and ends where every key is refused', async () => {
    const healthy = await simulator('--rpm', '100000');
    const broken = await simulator('--rpm', '100000', '--faults', '5xx=1');
    const { cwd } = folder(
      `models:
  m: {retry: {max_attempts: 2, base_delay_ms: 1}, deployments: [${openai(broken.url, ', error_backoff_in_seconds: 0.2')}], fallbacks: [spare]}
  pair: {retry: {base_delay_ms: 1}, deployments: [${openai(broken.url)}, ${openai(healthy.url)}]}
  spare: {deployments: [${openai(healthy.url)}]}
`,
      promptLines(6),
    );
    for (const model of ['pair', 'm']) {
      const out = ['run', 'in.jsonl', '-o', `${model}.jsonl`, '-c', 'c.yaml', '--model', model, '--json'];
      const { code, stdout } = await headgate(out, { cwd });
      expect({ model, code, completed: (JSON.parse(stdout) as Report).completed }).toEqual({ model, code: 0, completed: 6 });
    }
    const locked = await simulator('--api-key', 'sk-another-key-altogether-0000');
    writeFileSync(join(cwd, 'c.yaml'), `models: {m: {deployments: [${openai(locked.url)}, ${openai(locked.url)}]}}`);
    const { code, stderr } = await headgate(['run', 'in.jsonl', '-o', 'locked.jsonl', '-c', 'c.yaml'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /Model 'm': every key is refused \('openai-1', 'openai-2'\)\. Deployment 'openai-\d'.* Stopped; what was finished is kept/,
    );
    expect(stderr).not.toContain('key-of-the-test');
    expect(results(join(cwd, 'locked.jsonl'))).toEqual([]);
  });

  it('says so where nobody is there', async () => {
    const { cwd } = folder(`models: {m: {deployments: [${openai('http://127.0.0.1:1')}]}}`, promptLines(20));
    const { code, stderr } = await headgate(RUN, { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/Model 'm': can't reach 'openai-1': connect ECONNREFUSED 127\.0\.0\.1:1\. Stopped/);
  });

  it('never sends to another model than a line names, and says which there are', async () => {
    const { url, stats } = await simulator('--rpm', '100000');
    const lines = [
      { id: 'a', prompt: 'x', model: 'unknown' },
      { id: 'b', prompt: 'x' },
      { custom_id: 'c', url: '/v1/messages', body: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] } },
      { custom_id: 'd', url: '/v1/audio/speech', body: { model: 'm', input: 'x' } },
    ];
    const { cwd, output } = folder(
      `models: {m: {deployments: [${openai(url)}]}}`,
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    const { code } = await headgate(RUN, { cwd });
    expect(code).toBe(1);
    const byId = Object.fromEntries(results(output).map((line) => [line.custom_id, line]));
    expect(byId['a']?.error).toEqual({ code: 'invalid_line', message: "Line 1: c.yaml has no model 'unknown'. It has: 'm'." });
    expect(byId['b']?.response?.body['model']).toBe('m');
    expect(byId['c']?.error?.message).toMatch(
      /^Line 3: no deployment of model 'm' has the endpoint '\/v1\/messages'; they speak openai-chat,/,
    );
    expect(byId['d']?.error?.message).toContain("no deployment has the endpoint '/v1/audio/speech'; expected /v1/chat/completions,");
    expect((await stats()).accepted).toBe(1);
  });

  it("takes prompts to Anthropic's deployments as well", async () => {
    const { url } = await simulator('--preset', 'anthropic');
    const { cwd, output } = folder(
      `models: {claude: {deployments: [{provider: anthropic, base_url: "${url}", api_key: ${KEYS[0]}}]}}`,
      `${JSON.stringify({
        id: 'a',
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hi' },
        ],
      })}\n`,
    );
    expect((await headgate(RUN, { cwd })).code).toBe(0);
    expect(results(output)[0]?.response?.body).toMatchObject({ type: 'message', role: 'assistant' });
  });

  it('names the flags that say the same as the configuration, and takes the file that HEADGATE_CONFIG names', async () => {
    const { url } = await simulator('--rpm', '100000');
    const { cwd } = folder(`models: {m: {deployments: [${openai(url)}]}}`, promptLines(2));
    const both = await headgate([...RUN, '--rpm', '5', '--base-url', url], { cwd });
    expect(both).toMatchObject({
      code: 2,
      stderr:
        'headgate: -c c.yaml and --base-url, --rpm say the same thing twice: drop the flags and put them into the configuration, or drop -c.\n',
    });
    const unknown = await headgate([...RUN, '--model', 'other'], { cwd });
    expect(unknown).toMatchObject({ code: 2, stderr: "headgate: c.yaml has no model 'other'. It has: 'm'.\n" });
    const fromVariable = await headgate(['run', 'in.jsonl', '-o', 'out.jsonl'], { cwd, env: { HEADGATE_CONFIG: 'c.yaml' } });
    expect(fromVariable).toMatchObject({ code: 0, stdout: expect.stringContaining('Configuration: c.yaml (HEADGATE_CONFIG)\n') as string });
    const flagsWin = ['run', 'in.jsonl', '-o', 'flags.jsonl', '--base-url', url, '--model', 'other'];
    expect((await headgate(flagsWin, { cwd, env: { HEADGATE_CONFIG: 'c.yaml' } })).stdout).not.toContain('Configuration');
  });
});
