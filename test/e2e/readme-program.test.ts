import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT, readPage } from '../docs/markdown.ts';
import { matchesPrinted, type PrintedBlock, printedBlocks } from '../docs/printed-blocks.ts';

const MAIN = `${ROOT}dist/src/cli/main.js`;
/** Of the gateway, and of the simulated provider. */
const PRINTED_PORTS = [8080, 8090];
/** Blocks of commands that are not run here: the whole suite, the demo (test/cli has it), and what needs the real API. */
const NOT_RUN = ['npm install && npm start', 'npm install && npm test'];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A reader's folder, with the package and what it is used with installed, and one terminal whose variables stay. */
class Project {
  readonly #folder = mkdtempSync(join(tmpdir(), 'headgate-readme-'));
  readonly #env: Record<string, string> = {
    HOME: this.#folder,
    TMPDIR: tmpdir(),
    PATH: `${this.#folder}/bin:${process.env['PATH'] ?? ''}`,
  };
  readonly #background: ChildProcess[] = [];
  /** By the printed one. */
  readonly #ports: ReadonlyMap<string, number>;

  constructor(ports: ReadonlyMap<string, number>) {
    this.#ports = ports;
    if (!existsSync(MAIN)) throw new Error('The package is not built: run `npm run build` first.');
    mkdirSync(join(this.#folder, 'node_modules'));
    for (const name of readdirSync(`${ROOT}node_modules`)) {
      if (!name.startsWith('.')) symlinkSync(`${ROOT}node_modules/${name}`, join(this.#folder, 'node_modules', name));
    }
    symlinkSync(ROOT, join(this.#folder, 'node_modules/headgate'));
    this.write('package.json', '{ "type": "module" }');
    mkdirSync(join(this.#folder, 'bin'));
    this.write('bin/npx', `#!/bin/sh\n[ "$1" = headgate ] && shift && exec "${process.execPath}" "${MAIN}" "$@"\n`);
    chmodSync(join(this.#folder, 'bin/npx'), 0o755);
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.#folder, path), this.#here(text));
  }

  program(code: string): Promise<Ended> {
    this.write('program.ts', code);
    return ended(this.#start(process.execPath, ['program.ts']));
  }

  async commands(code: string): Promise<Ended> {
    const result = await ended(this.#start('sh', ['-e', '-c', this.#here(code)]));
    for (const [, name = '', value = ''] of code.matchAll(/(?<=^export .*)\b(\w+)=(\S+)/gm)) this.#env[name] = value;
    return result;
  }

  /** Starts a command that goes on, and waits for its first line. */
  async background(code: string): Promise<void> {
    const child = this.#start('sh', ['-c', `exec ${this.#here(code)}`]);
    this.#background.push(child);
    await new Promise((resolve, reject) => {
      child.stdout?.once('data', resolve);
      child.once('close', () => reject(new Error(`'${code}' ended.`)));
    });
  }

  close(): void {
    for (const child of this.#background) child.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #start(file: string, args: readonly string[]): ChildProcess {
    return spawn(file, args, { cwd: this.#folder, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
  }

  #here(text: string): string {
    return text.replaceAll(/\b\d{4}\b/g, (port) => `${this.#ports.get(port) ?? port}`);
  }
}

function ended(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A port that the README names, where this machine has it free; else any other. */
async function portFor(printed: number): Promise<number> {
  const free = (port: number) =>
    new Promise<number | undefined>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(undefined));
      server.listen(port, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
      });
    });
  const port = (await free(printed)) ?? (await free(0));
  if (port === undefined) throw new Error('No port is free.');
  return port;
}

describe('the README', async () => {
  const blocks = printedBlocks(readPage('README.md'));
  const ports = await Promise.all(PRINTED_PORTS.map(async (port) => [`${port}`, await portFor(port)] as const));
  const project = new Project(new Map(ports));
  afterAll(() => project.close());

  it('says of each block of commands whether it can be run as it is', () => {
    const left = blocks.filter(({ language, run }) => language === 'sh' && run === undefined).map(({ code }) => code);

    expect(left).toEqual(NOT_RUN);
  });

  const runnable = blocks.filter(({ language, run }) => language === 'ts' || language === 'yaml' || run !== undefined);
  it.each(runnable.map((block) => [block.line, block] as const))('does what it says with the block at line %i', async (_, block) => {
    if (block.language === 'yaml') return project.write('config.yaml', block.code);
    if (block.run === 'in the background') return project.background(block.code);
    expectPrinted(block, await (block.language === 'ts' ? project.program(block.code) : project.commands(block.code)));
  });
});

function expectPrinted(block: PrintedBlock, { code, stdout, stderr }: Ended): void {
  expect({ code, stderr: block.language === 'ts' ? stderr : '' }, stderr).toEqual({ code: 0, stderr: '' });
  if (block.output === undefined) return;
  if (!matchesPrinted(block.output, stdout)) expect(stdout.trimEnd()).toBe(block.output);
}
