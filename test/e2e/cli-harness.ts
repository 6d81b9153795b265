import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { SimulatorStats } from '../../src/simulator/index.ts';

/** The command line as it is published. */
const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** A running `headgate`. */
export class Headgate {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  readonly #watchers: (() => void)[] = [];

  constructor(args: readonly string[], options: RunOptions = {}) {
    if (!existsSync(MAIN)) throw new Error('The package is not built: run `npm run build` first.');
    // Nothing of the caller's environment, least of all a key, but what a process needs.
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: tmpdir(), ...options.env };
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: options.cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.process = child;
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      this.#changed();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.#changed();
    });
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
  }

  /** Resolves once what was printed fulfils `test`, or the process ends. */
  async prints(test: (headgate: Headgate) => boolean): Promise<void> {
    await Promise.race([
      this.ended,
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (test(this)) resolve();
        };
        this.#watchers.push(look);
        look();
      }),
    ]);
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** Runs `headgate` to its end. */
export function headgate(args: readonly string[], options?: RunOptions): Promise<Ended> {
  return new Headgate(args, options).ended;
}

/** A simulated provider in a process of its own. */
export interface SimulatorProcess {
  readonly url: string;
  stats(): Promise<SimulatorStats>;
}

export async function simulator(...flags: string[]): Promise<SimulatorProcess> {
  const process = new Headgate(['simulate', ...flags]);
  await process.prints(({ stdout }) => stdout.includes('\n'));
  const url = process.stdout.trim();
  if (!url.startsWith('http://')) throw new Error(`The simulator did not start: ${process.stderr}`);
  return { url, stats: async () => (await (await fetch(`${url}/__stats`)).json()) as SimulatorStats };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-e2e-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A line of the output. */
export interface Result {
  readonly custom_id: string;
  readonly response: { readonly status_code: number; readonly request_id: string; readonly body: Record<string, unknown> } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export function results(path: string): Result[] {
  const text = readFileSync(path, 'utf8');
  if (text !== '' && !text.endsWith('\n')) throw new Error(`The last line of ${path} is torn.`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Result);
}

/** So many lines with ids `r1`, `r2`, … */
export function promptLines(count: number, fields: Readonly<Record<string, unknown>> = {}): string {
  return Array.from(
    { length: count },
    (_, i) => `${JSON.stringify({ id: `r${i + 1}`, prompt: `Question ${i + 1}`, max_tokens: 8, ...fields })}\n`,
  ).join('');
}

/** Ids `r1` to `rN`, sorted as text. */
export function promptIds(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `r${i + 1}`).sort();
}
