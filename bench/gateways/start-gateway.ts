import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UPSTREAM_MODEL } from '../upstream/chat-texts.ts';
import type { Upstream } from '../upstream/start-upstream.ts';

export type GatewayName =
  | 'headgate serve'
  | 'headgate serve, telemetry to SQLite'
  | 'bare node:http + undici'
  | '@portkey-ai/gateway'
  | 'no gateway';

/** Something in a process of its own that stands before the upstream. */
export interface StartedGateway {
  /** Of chat completions. */
  readonly url: string;
  /** What it wants to be told with every call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where it can be asked for its heap. */
  readonly child: ChildProcess | undefined;
  close(): void;
}

/** How a process is started whose heap is looked at. */
const PROBED = ['--expose-gc', '--import', fileURLToPath(new URL('./heap-probe.ts', import.meta.url))];
const BARE = fileURLToPath(new URL('./bare-proxy.ts', import.meta.url));
const HEADGATE = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const PORTKEY = fileURLToPath(new URL('../../node_modules/@portkey-ai/gateway/build/start-server.js', import.meta.url));
const PATH = '/v1/chat/completions';

export async function startGateway(name: GatewayName, upstream: Upstream): Promise<StartedGateway> {
  if (name === 'no gateway') return { url: upstream.url, headers: {}, child: undefined, close: () => {} };
  if (name === '@portkey-ai/gateway') return startPortkey(upstream);
  if (name === 'bare node:http + undici') {
    const child = fork(BARE, [new URL(upstream.url).origin], { execArgv: PROBED, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const url = await heard(child, (told) => child.once('message', (message) => told(String(message))));
    return started(child, url);
  }
  return startHeadgate(upstream, name === 'headgate serve, telemetry to SQLite');
}

async function startHeadgate({ baseUrl }: Upstream, telemetry: boolean): Promise<StartedGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-'));
  const file = join(folder, 'config.json');
  // Limits that take part in every call and never bind.
  const rateLimiters = [
    { type: 'rpm', limit: 1_000_000_000 },
    { type: 'tpm', limit: 1_000_000_000_000 },
  ];
  const models = { [UPSTREAM_MODEL]: { rateLimiters, deployments: [{ provider: 'openai', baseUrl, apiKey: 'none-at-all' }] } };
  const sink = telemetry ? { sink: 'sqlite', path: join(folder, 'telemetry.db') } : { sink: 'none' };
  writeFileSync(file, JSON.stringify({ models, telemetry: sink, gateway: { database: join(folder, 'headgate.db') } }));
  const args = ['serve', '-c', file, '--port', '0', '--log-level', 'silent'];
  const child = fork(HEADGATE, args, {
    cwd: folder,
    execArgv: PROBED,
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  });
  const url = await heard(child, (told) =>
    child.stdout?.once('data', (chunk: Buffer) => told(chunk.toString().trim().split('\n')[0] ?? '')),
  );
  const gateway = started(child, url);
  return {
    ...gateway,
    close: () => {
      gateway.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startPortkey({ baseUrl }: Upstream): Promise<StartedGateway> {
  const port = await freePort();
  const child = fork(PORTKEY, [`--port=${port}`, '--headless'], { execArgv: [], stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
  const url = await heard(child, (told) => child.stdout?.once('data', () => told(`http://127.0.0.1:${port}`)));
  child.stdout?.resume();
  return { ...started(child, url), headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': baseUrl } };
}

function started(child: ChildProcess, origin: string): StartedGateway {
  return { url: `${origin}${PATH}`, headers: {}, child, close: () => void child.kill('SIGKILL') };
}

function heard(child: ChildProcess, listen: (told: (url: string) => void) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    listen(resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The gateway ended with code ${code} before it listened.`)));
  });
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
