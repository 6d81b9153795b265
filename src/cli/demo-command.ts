import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { counted } from '../lib/counted.ts';
import type { SimulatorStats } from '../simulator/index.ts';
import type { BatchOptions } from './batch/batch-options.ts';
import { readRunFile, runFilePath } from './batch/run-file.ts';
import { exitCodeOf, explainEnd, runBatchVisibly } from './batch-face.ts';
import { DEMO_WINDOW_SECONDS, type DemoBatch, demoBatch } from './demo-batch.ts';
import { type DemoProvider, startDemoProvider } from './demo-provider.ts';
import { EXIT } from './exit-codes.ts';
import { count, percent, table } from './format.ts';
import { summaryLines } from './summary.ts';
import { UsageError } from './usage-error.ts';

const OUTPUT = 'results.jsonl';
/** Shorter than a model's answers take, so that the demo is short. */
const ANSWERS = ['--latency', '10-40', '--count-delay', '0-20'];
/** Both sides share this machine, which may be busy with other things for longer than a provider takes to count. */
const COUNTED_WITHIN_MS = 1000;

/** `headgate demo`: what `npm start` runs. */
export function addDemoCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('demo')
    .description(`run a batch of 2,000 requests against a simulated provider on this machine and write ${OUTPUT}; takes half a minute`)
    .option('--json', 'print the summary as one JSON object on standard output, progress on standard error')
    .action(async ({ json }: { readonly json?: boolean }) => exit(await demo(json === true)));
}

async function demo(json: boolean): Promise<number> {
  removeEarlierDemo();
  const batch = demoBatch();
  const folder = mkdtempSync(join(tmpdir(), 'headgate-demo-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const input = join(folder, 'demo.jsonl');
  writeFileSync(input, batch.text);
  const limits = ['--rpm', `${batch.rpm}`, '--tpm', `${batch.tpm}`, '--window-seconds', `${DEMO_WINDOW_SECONDS}`];
  const provider = await startDemoProvider(process.argv[1] ?? '', ['--preset', 'openai', ...limits, ...ANSWERS]);
  try {
    return await runAgainst(provider, input, batch, json);
  } finally {
    provider.stop();
  }
}

async function runAgainst(provider: DemoProvider, input: string, batch: DemoBatch, json: boolean): Promise<number> {
  const progress = json ? process.stderr : process.stdout;
  const { requests, models, rpm, tpm } = batch;
  progress.write(
    `Simulated provider on ${provider.url}: ${counted(rpm, 'request')} and ${counted(tpm, 'token')} per ${DEMO_WINDOW_SECONDS} s and model.\n`,
  );
  progress.write(`Sending ${counted(requests, 'request')} of mixed sizes, priorities and tenants to ${models.join(' and ')}.\n`);
  const outcome = await runBatchVisibly(demoOptions(provider.url, input, batch), progress);
  const stats = await provider.stats();
  if (json) process.stdout.write(`${JSON.stringify({ ...outcome.report, provider: stats })}\n`);
  else process.stdout.write(`${[...summaryLines(outcome.report, OUTPUT), ...providerLines(stats)].join('\n')}\n`);
  explainEnd(outcome);
  const code = exitCodeOf(outcome);
  return code === EXIT.allCompleted && stats.refused > 0 ? EXIT.someFailed : code;
}

function demoOptions(url: string, input: string, { rpm, tpm }: DemoBatch): BatchOptions {
  return {
    command: 'demo',
    input,
    output: OUTPUT,
    format: 'jsonl',
    model: undefined,
    baseUrl: url,
    apiKey: undefined,
    apiKeyEnv: 'OPENAI_API_KEY',
    limits: [
      { type: 'rpm', limit: rpm },
      { type: 'tpm', limit: tpm },
    ],
    windowSeconds: DEMO_WINDOW_SECONDS,
    countedWithinMs: COUNTED_WITHIN_MS,
    concurrency: 128,
    lineLimit: undefined,
    maxAttempts: 5,
    attemptTimeoutSeconds: 600,
  };
}

/** What the provider itself saw: the other side of the same run. */
function providerLines({ accepted, refused, limits }: SimulatorStats): string[] {
  const rows = limits.map(({ model, type, accepted: amount, mostInAnyWindow, limit, share }) => [
    `${model} ${type}`,
    `${count(amount)} counted`,
    `most in any window ${count(mostInAnyWindow)} of ${count(limit)}`,
    `share ${percent(share)}`,
  ]);
  return [`The provider: ${count(accepted)} accepted, ${count(refused)} refused`, ...table(rows).map((line) => `  ${line}`)];
}

/** The demo starts afresh each time, but never over anybody else's file. */
function removeEarlierDemo(): void {
  if (!existsSync(OUTPUT)) return;
  if (readRunFile(OUTPUT)?.command !== 'demo') {
    throw new UsageError(`'${OUTPUT}' in this folder is not the demo's. Run the demo in another folder, or move the file away.`);
  }
  rmSync(OUTPUT);
  rmSync(runFilePath(OUTPUT));
}
