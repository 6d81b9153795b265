import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { headgate, simulator, temporaryFolder } from './cli-harness.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const KEY = 'sk-key-of-the-chat-test-12345';

function configuration(text: string): string {
  const path = join(temporaryFolder(), 'c.yaml');
  writeFileSync(path, text);
  return path;
}

const oneModel = (url: string): string =>
  configuration(`providers: {openai: {api_keys: ${KEY}, models: [gpt-x], settings: {base_url: "${url}/v1"}}}`);

/** A chat whose input stays open. */
function openChat(args: readonly string[]): {
  readonly child: ChildProcess;
  readonly says: (text: string) => Promise<void>;
  readonly code: Promise<number | null>;
} {
  const child = spawn(process.execPath, [MAIN, 'chat', ...args], { env: { PATH: process.env['PATH'] }, stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let seen = '';
  const watchers = new Set<() => void>();
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      for (const watcher of watchers) watcher();
    });
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (seen.includes(text)) resolve();
      };
      watchers.add(look);
      look();
      void code.then((end) => reject(new Error(`It ended with ${end} before it said '${text}': ${seen}`)));
    });
  return { child, says, code };
}

async function untilStats(url: string, test: (stats: { accepted: number; aborted: number }) => boolean): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (test((await (await fetch(`${url}/__stats`)).json()) as { accepted: number; aborted: number })) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('The provider never saw it.');
}

describe('headgate chat', () => {
  it('answers each line of a pipe, does what commands say, and ends with 0', async () => {
    const { url, stats } = await simulator('--rpm', '10000', '--api-key', KEY);
    const lines = ['Hello [[simulate: output_tokens=3]]', '/parallel 3', 'Again [[simulate: output_tokens=4]]', '/history', '/tokens'];
    const more = [
      '/system Be brief.',
      '/stream off',
      '/status',
      '/clients',
      '/metrics',
      '/model',
      '/nonsense',
      '//a path',
      '/quit',
      'never sent',
    ];
    const { code, stdout, stderr } = await headgate(['chat', '-c', oneModel(url)], { stdin: [...lines, ...more].join('\n') });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Configuration: .*c\.yaml\n/);
    expect(stdout).toMatch(/\[1\] openai-1 .* {2}\[2\] openai-1 .* {2}\[3\] openai-1/);
    expect(stdout).toMatch(/1\. user: Hello .*\n2\. assistant: .*\n3\. user: Again .*\n4\. assistant: /);
    expect(stdout).toMatch(/answers +2\n/);
    expect(stdout).toMatch(/system +Be brief\./);
    expect(stdout).toMatch(/keys of 'openai': 1 of 1 open\n {2}openai-1 +available +0 running +4 requests/);
    expect(stdout).toMatch(/requests +4\nsuccess +100\.0 %/);
    expect(stderr).toBe("headgate: Unknown command '/nonsense'. /help lists the commands; // sends a prompt that begins with /.\n");
    expect((await stats()).accepted).toBe(5);
    expect(stdout + stderr).not.toContain(KEY);
  });

  it('is answered by a simulated provider where there is no configuration, and says so first', async () => {
    const { code, stdout, stderr } = await headgate(['chat'], { stdin: 'Hello\n' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^No configuration is given: a simulated provider on this machine answers,[^\n]*\n.*\w+/);
  });

  it('goes on after an answer that failed, and says so in the end', async () => {
    const { url } = await simulator('--rpm', '10000');
    const { code, stdout, stderr } = await headgate(['chat', '-c', oneModel(url)], {
      stdin: 'No [[simulate: fault=notFound]]\nYes\n/history\n',
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^headgate: Deployment 'openai-1': .*\n$/);
    expect(stdout).toMatch(/1\. user: Yes\n2\. assistant: /);
    expect(stdout).not.toContain('user: No');
  });

  it('names the models there are', async () => {
    const { url } = await simulator('--rpm', '10');
    const { code, stderr } = await headgate(['chat', '-c', oneModel(url), '--model', 'gpt-y'], { stdin: 'x\n' });
    expect({ code, stderr }).toEqual({ code: 2, stderr: "headgate: No client has the model 'gpt-y'. There are: gpt-x.\n" });
  });

  it('stops the running answer on Ctrl-C, the call at the provider too, and ends at the second', async () => {
    const { url } = await simulator('--rpm', '10000', '--latency', '20000');
    const { child, says, code } = openChat(['-c', oneModel(url)]);
    await says('Configuration');
    child.stdin?.write('A long one\n');
    await untilStats(url, ({ accepted }) => accepted === 1);
    child.kill('SIGINT');
    await says('(stopped)');
    await untilStats(url, ({ aborted }) => aborted === 1);
    const before = performance.now();
    child.kill('SIGINT');
    expect(await code).toBe(130);
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  it('ends on SIGTERM, whatever runs', async () => {
    const { url } = await simulator('--rpm', '10000', '--latency', '20000');
    const { child, says, code } = openChat(['-c', oneModel(url)]);
    await says('Configuration');
    child.stdin?.write('A long one\nand another\n');
    await untilStats(url, ({ accepted }) => accepted === 1);
    child.kill('SIGTERM');
    expect(await code).toBe(130);
    await untilStats(url, ({ aborted, accepted }) => aborted === 1 && accepted === 1);
  });
});
