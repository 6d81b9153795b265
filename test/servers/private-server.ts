import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a kind of server is started. */
export interface ServerKind {
  readonly name: string;
  /** What it says once it takes connections. */
  readonly ready: RegExp;
  /** Ends it at once, as if its machine had lost power; not cleaner. */
  readonly killedBy: 'SIGKILL' | 'SIGQUIT';
  /** Whom it runs as; undefined: as we do. */
  readonly uid?: number | undefined;
  command(folder: string, port: number): readonly [string, ...string[]];
  url(port: number): string;
}

/** A server of the tests' own: real, on a port and in a temporary folder of its own. Remove it in the end. */
export class PrivateServer implements AsyncDisposable {
  readonly url: string;
  readonly #kind: ServerKind;
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  #guard: ChildProcess | undefined;

  private constructor(kind: ServerKind, folder: string, port: number) {
    this.#kind = kind;
    this.#folder = folder;
    this.#port = port;
    this.url = kind.url(port);
  }

  static async open(kind: ServerKind, prepare: (folder: string) => void = () => {}): Promise<PrivateServer> {
    const folder = mkdtempSync(join(tmpdir(), `headgate-${kind.name}-`));
    const server = new PrivateServer(kind, folder, await freePort());
    try {
      prepare(folder);
      await server.start();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  /** Starts it, again where it was stopped: at the same address, with the same data. Resolves once it takes connections. */
  async start(): Promise<void> {
    const { name, ready, uid } = this.#kind;
    const [command, ...args] = this.#kind.command(this.#folder, this.#port);
    const child = spawn(command, args, {
      uid,
      gid: uid,
      cwd: this.#folder,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    if (child.pid !== undefined) this.#guard = guardOf(child.pid);
    await new Promise<void>((resolve, reject) => {
      let said = '';
      const hear = (chunk: Buffer): void => {
        said = (said + chunk.toString()).slice(-10_000);
        if (ready.test(said)) resolve();
      };
      // Read on, or the server waits for a full pipe some day.
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('error', reject);
      child.on('exit', (code, signal) => reject(new Error(`${name} ended with ${code ?? signal} before it was ready: ${said}`)));
    });
  }

  /** Ends it as a crash does. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    this.#guard?.kill('SIGKILL');
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    this.#signal(child, 'SIGCONT');
    child.kill(this.#kind.killedBy);
    await ended;
  }

  /** It keeps its connections, takes new ones, and answers nothing. */
  pause(): void {
    this.#signal(this.#process, 'SIGSTOP');
  }

  resume(): void {
    this.#signal(this.#process, 'SIGCONT');
  }

  /** To its children too: those of Postgres answer on the connections that there are. */
  #signal(child: ChildProcess | undefined, signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (child?.pid === undefined) return;
    child.kill(signal);
    const children = spawnSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter(Boolean);
    for (const pid of children) {
      try {
        process.kill(Number(pid), signal);
      } catch {
        // It ended meanwhile.
      }
    }
  }

  /** Stops it and deletes everything it wrote. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}

/** Kills a server once this process is gone, however it went: then nobody holds the other end of the guard's input. */
function guardOf(pid: number): ChildProcess {
  const guard = spawn('sh', ['-c', 'read _; kill -KILL "$0"', String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
  guard.on('error', () => {});
  guard.unref();
  return guard;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}
