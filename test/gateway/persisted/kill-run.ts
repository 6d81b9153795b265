import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import OpenAI, { toFile } from 'openai';
import { startSimulator } from '../../../src/simulator/index.ts';

const PROGRAM = fileURLToPath(new URL('./work-process.ts', import.meta.url));

export interface KillRunOptions {
  readonly lines: number;
  readonly kills: number;
  /** Default: a SQLite file of its own. */
  readonly database?: string;
}

export interface KillRunReport {
  readonly status: string;
  readonly counts: OpenAI.BatchRequestCounts | undefined;
  /** How often each `custom_id` stands in the output file. */
  readonly results: ReadonlyMap<string, number>;
  /** Calls that the provider counted; more than lines where a kill met one under way. */
  readonly calls: number;
  readonly killedAt: readonly number[];
  readonly seconds: number;
}

interface Process {
  readonly child: ChildProcess;
  readonly client: OpenAI;
}

/** Runs a batch and kills its process (SIGKILL) a number of times on the way, evenly spread over its lines. */
export async function killRun({ lines, kills, database }: KillRunOptions): Promise<KillRunReport> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-kill-'));
  const provider = await startSimulator({ limits: [], latency: { headersMs: { min: 100, max: 300 } } });
  const start = (): Promise<Process> => startProcess(folder, [address, provider.url, String(Math.max(50, lines / 100))]);
  const address = database ?? join(folder, 'work.db');
  const began = performance.now();
  const killedAt: number[] = [];
  let running = await start();
  try {
    const input = Array.from({ length: lines }, (_, index) => inputLine(`line-${index}`)).join('\n');
    const file = await running.client.files.create({ file: await toFile(Buffer.from(input), 'input.jsonl'), purpose: 'batch' });
    const { id } = await running.client.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    for (let kill = 1; kill <= kills; kill++) {
      const goal = (lines * kill) / (kills + 1);
      const reached = await until(running.client, id, ({ request_counts: counts }) => (counts?.completed ?? 0) >= goal);
      killedAt.push(reached.request_counts?.completed ?? 0);
      await killed(running.child);
      running = await start();
    }
    const batch = await until(running.client, id, ({ status }) => !['validating', 'in_progress', 'finalizing'].includes(status));
    const results = new Map<string, number>();
    const text = await (await running.client.files.content(batch.output_file_id ?? '')).text();
    for (const line of text.trimEnd().split('\n')) {
      const { custom_id } = JSON.parse(line) as { custom_id: string };
      results.set(custom_id, (results.get(custom_id) ?? 0) + 1);
    }
    const { accepted } = (await (await fetch(`${provider.url}/__stats`)).json()) as { accepted: number };
    const seconds = (performance.now() - began) / 1000;
    return { status: batch.status, counts: batch.request_counts, results, calls: accepted, killedAt, seconds };
  } finally {
    await killed(running.child);
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function inputLine(id: string): string {
  const body = { model: 'gpt', messages: [{ role: 'user', content: `Say ${id}` }], max_tokens: 16 };
  return JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body });
}

async function until(client: OpenAI, id: string, isSo: (batch: OpenAI.Batch) => boolean): Promise<OpenAI.Batch> {
  for (;;) {
    const batch = await client.batches.retrieve(id);
    if (isSo(batch)) return batch;
    await sleep(10);
  }
}

function startProcess(cwd: string, args: readonly string[]): Promise<Process> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The process ended with ${code} before it answered.`)));
    child.stdout.once('data', (chunk: Buffer) => {
      const client = new OpenAI({ apiKey: 'a', baseURL: `${chunk.toString().trim()}/v1` });
      resolve({ child, client });
    });
  });
}

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [lines = 10_000, kills = 5] = process.argv.slice(2, 4).map(Number);
  const database = process.argv[4];
  const { results, ...report } = await killRun({ lines, kills, ...(database !== undefined && { database }) });
  const twice = [...results.values()].filter((times) => times > 1).length;
  console.log(JSON.stringify({ lines, kills, ...report, ids: results.size, idsTwice: twice }, null, 2));
  process.exit(results.size === lines && twice === 0 && report.status === 'completed' ? 0 : 1);
}
