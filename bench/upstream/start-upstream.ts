import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PaceOptions } from './serve-chats.ts';

const PROCESS = fileURLToPath(new URL('../upstream.ts', import.meta.url));

export interface Upstream {
  /** As an OpenAI-compatible base URL. */
  readonly baseUrl: string;
  /** Of chat completions. */
  readonly url: string;
  close(): void;
}

/** Starts the provider of the HTTP measurements in a process of its own. */
export async function startUpstream(pace: PaceOptions = { everyMs: 0 }): Promise<Upstream> {
  const child = fork(PROCESS, [JSON.stringify(pace)], { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const port = await new Promise<unknown>((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The provider ended with code ${code} before it listened.`)));
  });
  const baseUrl = `http://127.0.0.1:${port}/v1`;
  return { baseUrl, url: `${baseUrl}/chat/completions`, close: () => void child.kill() };
}
