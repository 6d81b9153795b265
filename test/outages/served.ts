import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HeadgateConfigInput } from '../../src/config/headgate-config-schema.ts';

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** `headgate serve` in a process of its own, that may be killed and started again: in one folder, with one configuration. */
export class Served implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'headgate-served-'));
  readonly #flags: readonly string[];
  readonly #killOnExit = (): void => {
    this.#process?.kill('SIGKILL');
  };
  #process: ChildProcess | undefined;
  #said = '';
  #url = '';

  /** Doesn't start it. */
  constructor(config: HeadgateConfigInput, flags: readonly string[] = []) {
    this.#flags = flags;
    process.on('exit', this.#killOnExit);
    writeFileSync(join(this.folder, 'config.json'), JSON.stringify(config));
  }

  /** Changes with each start. */
  get url(): string {
    return this.#url;
  }

  /** What it wrote to its log, the end of it. */
  get log(): string {
    return this.#said;
  }

  /** Resolves once it answers. */
  async start(): Promise<void> {
    const args = [PROGRAM, 'serve', '-c', 'config.json', '--port', '0', '--log-level', 'warn', ...this.#flags];
    const child = spawn(process.execPath, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-20_000);
    });
    this.#url = await new Promise((resolve, reject) => {
      child.once('exit', (code, signal) => reject(new Error(`headgate serve ended with ${code ?? signal}: ${this.#said}`)));
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().split('\n', 1)[0] ?? ''));
    });
  }

  /** Makes a key, as one does whether it runs or not. */
  key(tenant: string, ...flags: string[]): string {
    const args = [PROGRAM, 'keys', 'create', '-c', 'config.json', '--tenant', tenant, ...flags];
    return execFileSync(process.execPath, args, { cwd: this.folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  }

  /** Resolves with its exit code, or the signal that ended it, once it is over. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string> {
    const child = this.#process;
    this.#process = undefined;
    return new Promise((resolve) => {
      if (child === undefined) return resolve('not running');
      const over = (): void => resolve(child.exitCode ?? child.signalCode ?? 'unknown');
      if (child.exitCode !== null || child.signalCode !== null) return over();
      child.once('exit', over);
      child.kill(signal);
    });
  }

  /** Mebibytes of memory that it holds now. */
  get memory(): number {
    const kilobytes = execFileSync('ps', ['-o', 'rss=', '-p', String(this.#process?.pid)], { encoding: 'utf8' });
    return Number(kilobytes) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    process.off('exit', this.#killOnExit);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}
