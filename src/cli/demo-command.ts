import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type RunningSimulator, type SimulatedLimit, type SimulatorStats, startSimulator } from '../simulator/index.ts';
import type { BatchOptions, LimitFlag } from './batch/batch-options.ts';
import type { BatchOutcome } from './batch/run-batch.ts';
import { readRunFile, runFilePath } from './batch/run-file.ts';
import { exitCodeOf, explainEnd, runBatchVisibly } from './batch-face.ts';
import { DEMO_WINDOW_SECONDS, type DemoBatch, demoBatch } from './demo-batch.ts';
import { EXIT } from './exit-codes.ts';
import { count, percent, table } from './format.ts';
import { summaryLines } from './summary.ts';
import { UsageError } from './usage-error.ts';

const OUTPUT = 'results.jsonl';
/** Shorter than a model's answers take, so that the demo is short. */
const LATENCY = { headersMs: { min: 10, max: 40 } };
const COUNT_DELAY = { min: 0, max: 20 };
/** Both sides share this process, which a busy machine may halt for longer than a provider takes to count. */
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
  const simulator = await startSimulator({ limits: providerLimits(batch), cost: 'openai', latency: LATENCY, countDelayMs: COUNT_DELAY });
  const folder = mkdtempSync(join(tmpdir(), 'headgate-demo-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const input = join(folder, 'demo.jsonl');
    writeFileSync(input, batch.text);
    return await runAgainst(simulator, input, batch, json);
  } finally {
    await simulator.close();
  }
}

async function runAgainst(simulator: RunningSimulator, input: string, batch: DemoBatch, json: boolean): Promise<number> {
  const progress = json ? process.stderr : process.stdout;
  const models = batch.models.map(({ name, rpm, tpm }) => `${name} (${count(rpm)} requests, ${count(tpm)} tokens)`).join(' and ');
  progress.write(`Simulated provider on ${simulator.url}; limits per ${DEMO_WINDOW_SECONDS} s: ${models}.\n`);
  progress.write(`Sending ${count(batch.requests)} requests of mixed sizes, priorities and tenants.\n`);
  const outcome = await runBatchVisibly(demoOptions(simulator.url, input, batch), progress);
  const stats = simulator.provider.stats();
  if (json) process.stdout.write(`${JSON.stringify({ ...outcome.report, provider: stats })}\n`);
  else process.stdout.write(`${[...summaryLines(outcome.report, OUTPUT), ...providerLines(stats)].join('\n')}\n`);
  explainEnd(outcome);
  return exitCode(outcome, stats);
}

function demoOptions(url: string, input: string, batch: DemoBatch): BatchOptions {
  return {
    command: 'demo',
    input,
    output: OUTPUT,
    format: 'jsonl',
    model: undefined,
    baseUrl: url,
    apiKey: undefined,
    apiKeyEnv: 'OPENAI_API_KEY',
    limits: batch.models.flatMap(({ name, rpm, tpm }): LimitFlag[] => [
      { model: name, type: 'rpm', limit: rpm },
      { model: name, type: 'tpm', limit: tpm },
    ]),
    windowSeconds: DEMO_WINDOW_SECONDS,
    countedWithinMs: COUNTED_WITHIN_MS,
    concurrency: 128,
    lineLimit: undefined,
    maxAttempts: 5,
    attemptTimeoutSeconds: 600,
  };
}

function providerLimits({ models }: DemoBatch): SimulatedLimit[] {
  const rule = { windowMs: DEMO_WINDOW_SECONDS * 1000, mechanism: 'bucket' } as const;
  return models.flatMap(({ name: model, rpm, tpm }): SimulatedLimit[] => [
    { ...rule, model, type: 'rpm', limit: rpm },
    { ...rule, model, type: 'tpm', limit: tpm },
  ]);
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

function exitCode(outcome: BatchOutcome, stats: SimulatorStats): number {
  const code = exitCodeOf(outcome);
  return code === EXIT.allCompleted && stats.refused > 0 ? EXIT.someFailed : code;
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
