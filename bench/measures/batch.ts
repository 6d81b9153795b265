import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import type { Figures } from '../harness/measures.ts';

export interface BatchArgs {
  readonly client: 'headgate run' | 'bare loop';
  readonly requests: number;
  readonly concurrency: number;
}

const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
/** Limits that are kept and never bind. */
const WIDE_OPEN = ['--rpm', '1000000000', '--tpm', '1000000000000'];

/** Requests per second of a batch over HTTP, against a simulated provider in a process of its own. */
export async function measure({ client, requests, concurrency }: BatchArgs): Promise<Figures> {
  const provider = spawn(process.execPath, [CLI, 'simulate', '--preset', 'plain', '--count-delay', '0', ...WIDE_OPEN], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    // Provider and client start cold in both cases: a user's batch does too.
    const url = (await firstLine(provider)).trim();
    return client === 'bare loop' ? await bareLoop(url, requests, concurrency) : await headgateRun(url, requests, concurrency);
  } finally {
    provider.kill();
  }
}

function body(index: number): string {
  return JSON.stringify({
    model: 'model',
    max_tokens: 16,
    messages: [{ role: 'user', content: `Say something about the number ${index}.` }],
  });
}

/** The least that makes these calls: a pool, so many loops, status and whole body read. Nothing is parsed or written. */
async function bareLoop(url: string, requests: number, concurrency: number): Promise<Figures> {
  const pool = new Pool(url, { connections: concurrency });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer none' };
  let next = 0;
  const loop = async (): Promise<void> => {
    for (let index = next++; index < requests; index = next++) {
      const response = await pool.request({ method: 'POST', path: '/v1/chat/completions', headers, body: body(index) });
      await response.body.text();
      if (response.statusCode !== 200) throw new Error(`The simulated provider answered ${response.statusCode}.`);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: concurrency }, loop));
  const seconds = (performance.now() - start) / 1000;
  await pool.close();
  return { perSecond: requests / seconds };
}

async function headgateRun(url: string, requests: number, concurrency: number): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-'));
  const input = join(folder, 'in.jsonl');
  const lines = Array.from(
    { length: requests },
    (_, index) => `{"custom_id":"r${index}","method":"POST","url":"/v1/chat/completions","body":${body(index)}}\n`,
  );
  writeFileSync(input, lines.join(''));
  const args = [
    CLI,
    'run',
    input,
    '-o',
    join(folder, 'out.jsonl'),
    '--base-url',
    `${url}/v1`,
    '--concurrency',
    String(concurrency),
    '--json',
  ];
  try {
    const start = performance.now();
    const summary: unknown = JSON.parse(await standardOutput([...args, ...WIDE_OPEN]));
    const wallSeconds = (performance.now() - start) / 1000;
    if (figure(summary, 'completed') !== requests)
      throw new Error(`headgate run completed ${figure(summary, 'completed')} of ${requests}.`);
    return { perSecond: figure(summary, 'requestsPerSecond'), perSecondOfTheProcess: requests / wallSeconds };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function figure(summary: unknown, name: string): number {
  const value: unknown = typeof summary === 'object' && summary !== null ? Reflect.get(summary, name) : undefined;
  if (typeof value !== 'number') throw new Error(`The summary of headgate run has no number ${name}: ${JSON.stringify(summary)}`);
  return value;
}

/** What a process wrote; an error, with what it complained of, where it failed. */
async function standardOutput(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, OPENAI_API_KEY: 'none' } });
  let output = '';
  let complaints = '';
  child.stdout.on('data', (data) => {
    output += String(data);
  });
  child.stderr.on('data', (data) => {
    complaints += String(data);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`headgate run ended with code ${code}: ${complaints.slice(-2000)}`);
  return output;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('The simulated provider has no output to read its address from.');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('The simulated provider ended before it said its address.');
}
