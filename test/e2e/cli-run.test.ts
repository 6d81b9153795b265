import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headgate, promptIds, promptLines, results, simulator, temporaryFolder } from './cli-harness.ts';

const WIDE = ['--rpm', '1000000', '--tpm', '1000000000'];

function files(content: string, name = 'in.jsonl') {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, name), content);
  return { cwd, output: join(cwd, 'out.jsonl') };
}

describe('headgate run', () => {
  it('answers every line once, within the limits, and says what it did', async () => {
    const { url, stats } = await simulator('--rpm', '100', '--tpm', '1000000', '--window-seconds', '1', '--mechanism', 'sliding');
    const { cwd, output } = files(promptLines(250));
    const limits = ['--rpm', '100', '--window-seconds', '1', '--counted-within', '1000'];
    const { code, stdout, stderr } = await headgate(['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url, ...limits], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/250\/250 100\.0 %/);
    expect(stdout).toMatch(/250 completed, 0 failed, of 250 in .* → out\.jsonl/);
    const written = results(output);
    expect(written.map((line) => line.custom_id).sort()).toEqual(promptIds(250));
    for (const { response, error } of written) {
      expect(error).toBeNull();
      expect(response).toMatchObject({ status_code: 200, body: { object: 'chat.completion', model: 'm' } });
      expect(response?.request_id).toMatch(/^req_/);
    }
    const { accepted, refused, limits: seen } = await stats();
    expect({ accepted, refused }).toEqual({ accepted: 250, refused: 0 });
    expect(seen.find(({ type }) => type === 'rpm')?.mostInAnyWindow).toBeLessThanOrEqual(100);
  });

  it('prints one object with --json, and progress beside it', async () => {
    const { url } = await simulator(...WIDE);
    const { cwd } = files(promptLines(50));
    const args = [
      'run',
      'in.jsonl',
      '-o',
      'out.jsonl',
      '--model',
      'm',
      '--base-url',
      `${url}/v1`,
      '--rpm',
      '100000',
      '--tpm',
      '10000000',
      '--json',
    ];
    const { code, stdout, stderr } = await headgate(args, { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain('50/50');
    expect(stdout.trim().split('\n')).toHaveLength(1);
    const number = expect.any(Number) as number;
    expect(JSON.parse(stdout)).toEqual({
      total: 50,
      completed: 50,
      failed: 0,
      skipped: 0,
      seconds: number,
      requestsPerSecond: number,
      attempts: 50,
      refusals: 0,
      tokens: { estimated: 400, used: number },
      queueTimeMs: { p50: number, p99: number },
      limits: [
        { model: 'm', type: 'rpm', limit: 100_000, used: 50, share: number },
        { model: 'm', type: 'tpm', limit: 10_000_000, used: 400, share: number },
      ],
    });
    const again = await headgate(args, { cwd });
    expect({ code: again.code, ...JSON.parse(again.stdout) }).toMatchObject({ code: 0, total: 50, completed: 0, skipped: 50, attempts: 0 });
  });

  it('runs other lines where some are malformed, and runs those again next time', async () => {
    const { url, stats } = await simulator(...WIDE);
    const { cwd, output } = files(`${promptLines(3)}\n{"id": "broken"\n{"id":"r4","prompt":"ok"}\n{"id":"empty"}\n`);
    const args = ['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url];
    for (let run = 0; run < 2; run++) {
      const { code, stdout } = await headgate(args, { cwd });
      expect(code).toBe(1);
      expect(stdout).toContain('2 failed');
      const written = results(output);
      expect(
        written
          .filter(({ error }) => !error)
          .map((line) => line.custom_id)
          .sort(),
      ).toEqual(promptIds(4));
      expect(written.filter(({ error }) => error)).toEqual([
        expect.objectContaining({
          custom_id: 'line-5',
          response: null,
          error: { code: 'invalid_line', message: expect.stringContaining('Line 5') as string },
        }),
        expect.objectContaining({
          custom_id: 'line-7',
          response: null,
          error: { code: 'invalid_line', message: expect.stringContaining('has neither') as string },
        }),
      ]);
    }
    expect((await stats()).accepted).toBe(4);
  });

  it("takes OpenAI's Batch format, several models and endpoints, and keeps answer and error of what is refused for good", async () => {
    const { url } = await simulator(...WIDE, '--model', 'chat,embed');
    const chat = { model: 'chat', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5 };
    const lines = [
      { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: chat },
      { custom_id: 'b', method: 'POST', url: '/v1/embeddings', body: { model: 'embed', input: 'text' } },
      { custom_id: 'c', method: 'POST', url: '/v1/chat/completions', body: { ...chat, model: 'unknown' } },
    ];
    const { cwd, output } = files(lines.map((line) => JSON.stringify(line)).join('\n'));
    const { code } = await headgate(['run', 'in.jsonl', '-o', 'out.jsonl', '--base-url', url, '--rpm', '1000'], { cwd });
    expect(code).toBe(1);
    const byId = Object.fromEntries(results(output).map((line) => [line.custom_id, line]));
    expect(byId['a']?.response?.body['object']).toBe('chat.completion');
    expect(byId['b']?.response?.body['object']).toBe('list');
    expect(byId['c']).toMatchObject({ response: { status_code: 404 }, error: { code: 'model_not_found' } });
  });

  it('takes prompts from a .txt and lines from standard input', async () => {
    const { url } = await simulator(...WIDE);
    const { cwd, output } = files('one\n\ntwo\r\nthree', 'in.txt');
    const text = await headgate(['run', 'in.txt', '-o', 'out.jsonl', '--model', 'm', '--base-url', url], { cwd });
    expect(text.code).toBe(0);
    expect(
      results(output)
        .map((line) => line.custom_id)
        .sort(),
    ).toEqual(['line-1', 'line-3', 'line-4']);
    const piped = ['run', '-', '-o', 'piped.jsonl', '--model', 'm', '--base-url', url];
    expect((await headgate(piped, { cwd, stdin: promptLines(20) })).code).toBe(0);
    expect(results(join(cwd, 'piped.jsonl'))).toHaveLength(20);
    const again = await headgate([...piped, '--json'], { cwd, stdin: promptLines(20) });
    expect(JSON.parse(again.stdout)).toMatchObject({ skipped: 20, completed: 0 });
  });

  it('takes the first lines only, and the rest later', async () => {
    const { url, stats } = await simulator(...WIDE);
    const { cwd, output } = files(promptLines(30));
    const args = ['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url, '--json'];
    expect(JSON.parse((await headgate([...args, '--limit', '10'], { cwd })).stdout)).toMatchObject({ total: 10, completed: 10 });
    expect(JSON.parse((await headgate(args, { cwd })).stdout)).toMatchObject({ total: 30, completed: 20, skipped: 10 });
    expect(results(output)).toHaveLength(30);
    expect((await stats()).accepted).toBe(30);
  });

  it('tries again what the network and the server spoil, and obeys refusals', async () => {
    const { url, stats } = await simulator(
      '--rpm',
      '40',
      '--window-seconds',
      '1',
      '--faults',
      '5xx=0.1,reset=0.1,error=0.05',
      '--seed',
      '3',
    );
    const { cwd, output } = files(promptLines(80));
    const args = ['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url, '--max-attempts', '9', '--json'];
    const { code, stdout } = await headgate(args, { cwd });
    const report = JSON.parse(stdout) as { completed: number; attempts: number; refusals: number };
    expect({ code, completed: report.completed }).toEqual({ code: 0, completed: 80 });
    expect(
      results(output)
        .map((line) => line.custom_id)
        .sort(),
    ).toEqual(promptIds(80));
    const { faults, accepted, refused } = await stats();
    expect(faults).toBeGreaterThan(0);
    expect(report).toMatchObject({ attempts: accepted, refusals: refused });
  });

  it('writes down what has no good answer in the end, and tries it anew next time', async () => {
    const { url } = await simulator(...WIDE, '--faults', '5xx=1');
    const { cwd, output } = files(promptLines(3));
    const args = ['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url, '--max-attempts', '2'];
    expect((await headgate(args, { cwd })).code).toBe(1);
    const [first] = results(output);
    expect(first?.response?.status_code).toBeGreaterThanOrEqual(500);
    expect(first?.error?.code).toMatch(/server/);
    const healthy = await simulator(...WIDE);
    const again = await headgate(['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', healthy.url], { cwd });
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('3 failed or torn lines of an earlier run will run again');
    expect(results(output).map(({ error }) => error)).toEqual([null, null, null]);
  });

  it('refuses a request that can never fit a limit, and runs the others', async () => {
    const { url, stats } = await simulator(...WIDE);
    const { cwd, output } = files(`${promptLines(2)}${JSON.stringify({ id: 'big', prompt: 'x', max_tokens: 5000 })}\n`);
    const { code } = await headgate(['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url, '--tpm', '1000'], { cwd });
    expect(code).toBe(1);
    expect(results(output).find((line) => line.custom_id === 'big')).toMatchObject({
      response: null,
      error: { code: 'request_too_large' },
    });
    expect((await stats()).accepted).toBe(2);
  });

  it('writes no key anywhere, and sends it', async () => {
    const { url } = await simulator(...WIDE, '--api-key', 'sk-very-secret');
    const { cwd, output } = files(promptLines(2));
    const args = ['run', 'in.jsonl', '-o', 'out.jsonl', '--model', 'm', '--base-url', url, '--api-key-env', 'MY_KEY'];
    const { code, stdout, stderr } = await headgate(args, { cwd, env: { MY_KEY: 'sk-very-secret' } });
    expect(code).toBe(0);
    const all = stdout + stderr + readFileSync(output, 'utf8') + readFileSync(`${output}.run.json`, 'utf8');
    expect(all).not.toContain('secret');
    expect(existsSync(`${output}.tmp`)).toBe(false);
  });
});
