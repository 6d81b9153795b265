import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { headgate, simulator, temporaryFolder } from './cli-harness.ts';

function file(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

const model = (deployment: string, more = ''): string => `models: {m: {deployments: [{provider: openai, ${deployment}}]${more}}}`;

describe('whoever tries a command for the first time', () => {
  it('finds the exit codes in the help of each', async () => {
    for (const command of ['check', 'chat', 'run', 'load', 'status']) {
      const { code, stdout } = await headgate([command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(
        'Exit codes: 0 all went well, 1 something failed or is wrong, 2 wrong usage or unreadable input, 130 interrupted.',
      );
    }
    expect((await headgate(['run', '--help'])).stdout).toContain('Usage: headgate run [options] <input> -o <file>');
  });

  it.each([
    [['nonsense'], "headgate: unknown command 'nonsense'. `headgate --help` lists the commands.\n"],
    [['load', '--requets', '5'], "headgate: unknown option '--requets' (Did you mean --requests?) See `headgate load --help`.\n"],
    [['check'], "headgate: missing required argument 'config'. See `headgate check --help`.\n"],
    [['keys', 'create'], "headgate: required option '--tenant <name>' not specified. See `headgate keys create --help`.\n"],
    [['--verbos', 'run'], "headgate: unknown option '--verbos' (Did you mean --version?) See `headgate --help`.\n"],
    [
      ['serve', '--log-level', 'loud'],
      "headgate: option '--log-level <level>' argument 'loud' is invalid. Allowed choices are debug, info, warn, error, silent.\n",
    ],
    [['run', 'in.jsonl'], "headgate: required option '-o, --output <file>' not specified. See `headgate run --help`.\n"],
    [['load', '--json', '/no/such/folder/report.json'], "headgate: Can't write '/no/such/folder/report.json': no such file or folder.\n"],
  ])('and writes %j is told where to look, at once', async (args, stderr) => {
    expect(await headgate(args)).toEqual({ code: 2, stdout: '', stderr });
  });

  it('and has no models is told to add one', async () => {
    const { code, stderr } = await headgate(['load', '-c', file('c.yaml', 'models: {}\n')]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^headgate: .*c\.yaml has no models: nothing can be sent\. Add one under 'models' or 'providers'\.\n$/),
    ]);
  });

  it('and forgot the key is told its variable', async () => {
    const path = file('c.yaml', model('base_url: "http://127.0.0.2.invalid/v1"', ', retry: {max_attempts: 1}'));
    const { code, stderr } = await headgate(['status', '-c', path]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      "headgate: Deployment 'openai-1' has no key: set the environment variable OPENAI_API_KEY, or give it an apiKey. It is called without one.\n",
    );
  });

  it('and names a wrong port is asked for the server and the baseUrl', async () => {
    const path = file('c.yaml', model('base_url: "http://127.0.0.1:1", api_key: k', ', retry: {max_attempts: 1}'));
    const question = 'Is the server running, and the baseUrl right?';
    expect((await headgate(['check', path, '--probe'])).stdout).toContain(question);
    expect((await headgate(['status', '-c', path])).stdout).toContain(question);
    expect((await headgate(['load', '-c', path, '--requests', '1'])).stdout).toContain(question);
    expect((await headgate(['chat', '-c', path], { stdin: 'hi\n' })).stderr).toContain(question);
  });

  it('and names a web page is asked for the API', async () => {
    const server = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<html><title>Welcome</title></html>'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const path = file('c.yaml', model(`base_url: "http://127.0.0.1:${port}", api_key: k`, ', retry: {max_attempts: 1}'));
    const question = 'no JSON object: it looks like a page of HTML, 35 bytes. Is the baseUrl that of the API';
    expect((await headgate(['check', path, '--probe'])).stdout).toContain(question);
    expect((await headgate(['load', '-c', path, '--requests', '1'])).stdout).toContain(question);
    expect((await headgate(['chat', '-c', path], { stdin: 'hi\n' })).stderr).toContain(question);
  });

  it('and meets a server that is down sees in chat and load why nothing comes', async () => {
    const { url } = await simulator('--faults', '5xx=1');
    const path = file('c.yaml', model(`base_url: "${url}/v1", api_key: k`, ', retry: {max_attempts: 3, base_delay_ms: 4000}'));
    const chat = await headgate(['chat', '-c', path], { stdin: 'hi\n' });
    expect(chat.stderr).toMatch(/^headgate: waiting: between two attempts; deployment 'openai-1': after \d failures?: /);
    expect(chat.code).toBe(1);
  }, 60_000);
});
