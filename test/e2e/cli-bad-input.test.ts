import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, Headgate, headgate, promptLines, results, simulator, temporaryFolder } from './cli-harness.ts';

/** A URL on which nobody listens. */
async function closedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

function oneLine({ code, stderr }: Ended, text: RegExp): void {
  expect(stderr).toMatch(text);
  expect(
    stderr
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('headgate: ')),
  ).toHaveLength(1);
  expect(code).toBe(2);
}

function folderWith(content: string): string {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'in.jsonl'), content);
  return cwd;
}

const RUN = ['run', 'in.jsonl', '-o', 'out.jsonl'];

describe('a command line that is wrong', () => {
  const local = ['--base-url', 'http://127.0.0.1:9', '--model', 'm'];

  it.each<[string, string[], RegExp]>([
    ['an unknown flag', [...RUN, '--rpn', '5'], /unknown option '--rpn' \(Did you mean one of --rpd, --rpm\?\)/],
    ['an unknown command', ['walk'], /unknown command 'walk'/],
    ['no output', ['run', 'in.jsonl'], /required option '-o, --output <file>' not specified/],
    ['no input', ['run', '-o', 'out.jsonl'], /missing required argument 'input'/],
    [
      'a limit that is no number',
      [...RUN, '--rpm', 'many'],
      /'--rpm <n>' argument 'many' is invalid. Expected a whole number of at least 1/,
    ],
    ['a limit of 0', [...RUN, '--tpm', '0'], /'--tpm <n>' argument '0'/],
    ['a broken number', [...RUN, '--rpd', '1.5'], /'--rpd <n>'/],
    ['more calls at once than it may make', [...RUN, '--concurrency', '10001'], /argument '10001' is invalid. Expected at most 10000/],
    ['a window of no length', [...RUN, '--window-seconds', '-1'], /Expected a number above 0/],
    ['no URL', [...RUN, '--base-url', 'localhost'], /Expected a URL/],
    ['a URL with a password', [...RUN, '--base-url', 'http://ann:pw@127.0.0.1:9'], /^headgate: The base URL has a user name or password/],
    ['a URL of another kind', [...RUN, '--base-url', 'file:///etc'], /Expected a URL/],
    ['an unknown format', [...RUN, '--format', 'csv'], /Allowed choices are jsonl, txt/],
    ['no key for a server elsewhere', RUN, /No key for api\.openai\.com: set the environment variable OPENAI_API_KEY/],
    ['a key variable that is not set', [...RUN, ...local, '--api-key-env', 'NO_SUCH'], /NO_SUCH/],
    ['an input that is not there', ['run', 'none.jsonl', '-o', 'out.jsonl', ...local], /Can't read the input 'none\.jsonl': no such file/],
    ['an input that is a folder', ['run', '.', '-o', 'out.jsonl', ...local], /Can't read the input '\.': it is a folder/],
    ['an output in no folder', ['run', 'in.jsonl', '-o', 'no/out.jsonl', ...local], /Can't write '.*no\/out\.jsonl/],
    ['an output that is a folder', ['run', 'in.jsonl', '-o', '.', ...local], /it is a folder/],
    ['no model', [...RUN, '--base-url', 'http://127.0.0.1:9'], /--model/],
    ['an unknown mechanism', ['simulate', '--mechanism', 'leaky'], /--mechanism is 'leaky'; expected one of/],
    ['an unknown format of the charts', ['machines', '--format', 'svg'], /Allowed choices are mermaid, json/],
  ])('with %s is told so in one line', async (_what, args, text) => {
    const cwd = folderWith(promptLines(2));
    oneLine(await headgate(args, { cwd }), text);
    expect(existsSync(join(cwd, 'out.jsonl'))).toBe(false);
  });
});

describe('files that do not fit', () => {
  it('sends nothing of an input with the same id twice', async () => {
    const { url, stats } = await simulator();
    const cwd = folderWith(promptLines(3) + promptLines(1));
    oneLine(await headgate([...RUN, '--model', 'm', '--base-url', url], { cwd }), /has the id 'r1' twice, on lines 1 and 4/);
    expect((await stats()).accepted).toBe(0);
    expect(existsSync(join(cwd, 'out.jsonl'))).toBe(false);
  });

  it('refuses an output of another input, of another model, or of nobody, and leaves it as it is', async () => {
    const { url } = await simulator('--rpm', '100000');
    const cwd = folderWith(promptLines(3));
    const args = [...RUN, '--model', 'm', '--base-url', url];
    expect((await headgate(args, { cwd })).code).toBe(0);
    const before = readFileSync(join(cwd, 'out.jsonl'), 'utf8');
    oneLine(
      await headgate([...RUN, '--model', 'other', '--base-url', url], { cwd }),
      /was made with --model m, this run has --model other/,
    );
    writeFileSync(join(cwd, 'in.jsonl'), promptLines(4));
    oneLine(await headgate(args, { cwd }), /'out\.jsonl' holds results of another input/);
    rmSync(join(cwd, 'out.jsonl.run.json'));
    oneLine(await headgate(args, { cwd }), /has content but no 'out\.jsonl\.run\.json'/);
    expect(readFileSync(join(cwd, 'out.jsonl'), 'utf8')).toBe(before);
  });

  it.skipIf(!existsSync('/dev/full'))('stops at a full disk', async () => {
    const { url, stats } = await simulator('--rpm', '100000');
    const cwd = folderWith(promptLines(500));
    oneLine(
      await headgate(['run', 'in.jsonl', '-o', '/dev/full', '--model', 'm', '--base-url', url], { cwd }),
      /Can't write '\/dev\/full': no space left on the disk/,
    );
    expect((await stats()).accepted).toBeLessThan(200);
  });
});

describe('an endpoint that is no use', () => {
  it('stops the run where the key is wrong', async () => {
    const { url, stats } = await simulator('--api-key', 'right', '--rpm', '100000');
    const cwd = folderWith(promptLines(500));
    const args = [...RUN, '--model', 'm', '--base-url', url];
    oneLine(
      await headgate(args, { cwd, env: { OPENAI_API_KEY: 'wrong' } }),
      /refuses the key in OPENAI_API_KEY: HTTP 401, invalid_api_key/,
    );
    expect(results(join(cwd, 'out.jsonl'))).toEqual([]);
    oneLine(await headgate(args, { cwd }), /OPENAI_API_KEY is not set/);
    expect((await headgate(args, { cwd, env: { OPENAI_API_KEY: 'right' } })).code).toBe(0);
    expect(results(join(cwd, 'out.jsonl'))).toHaveLength(500);
    expect((await stats()).accepted).toBe(500);
  });

  it('stops the run where nobody answers, also for a single line', async () => {
    for (const lines of [1, 500]) {
      const cwd = folderWith(promptLines(lines));
      oneLine(
        await headgate([...RUN, '--model', 'm', '--base-url', await closedUrl()], { cwd }),
        /Can't reach http:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/,
      );
      expect(results(join(cwd, 'out.jsonl'))).toEqual([]);
    }
  });
});

describe('a reader that goes away', () => {
  it('does not stop the run', async () => {
    const { url } = await simulator('--rpm', '100000', '--latency', '100');
    const cwd = folderWith(promptLines(300));
    const run = new Headgate([...RUN, '--model', 'm', '--base-url', url, '--json'], { cwd });
    run.process.stdout?.destroy();
    run.process.stderr?.destroy();
    expect((await run.ended).code).toBe(0);
    expect(results(join(cwd, 'out.jsonl'))).toHaveLength(300);
  });
});
