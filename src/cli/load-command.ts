import { writeFileSync } from 'node:fs';
import process from 'node:process';
import type { Command } from 'commander';
import { assembleHeadgate } from '../client/create-headgate.ts';
import type { Headgate } from '../client/headgate.ts';
import type { HeadgateConfig } from '../config/headgate-config-types.ts';
import { counted } from '../lib/counted.ts';
import { systemClock } from '../lib/system-clock.ts';
import { type Environment, findConfig, readConfig, unknownModel } from './config-source.ts';
import { startDemoProvider } from './demo-provider.ts';
import { EMBEDDED_FLAGS, embeddedConfig } from './embedded-provider.ts';
import { EXIT } from './exit-codes.ts';
import { positiveNumber, wholeNumber } from './flag-values.ts';
import { count } from './format.ts';
import type { ProgressStream } from './live-text.ts';
import type { LoadOptions } from './load/load-options.ts';
import { showLoad } from './load/load-progress.ts';
import { type LoadReport, loadLines, loadReport } from './load/load-report.ts';
import { LoadTally } from './load/load-tally.ts';
import { runLoad } from './load/run-load.ts';
import { systemReason, UsageError } from './usage-error.ts';

interface LoadFlags {
  readonly config?: string;
  readonly requests: number;
  readonly concurrency: number;
  readonly model?: string;
  readonly stream?: boolean;
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly rate?: number;
  readonly json?: string | true;
  readonly allowFailures?: boolean;
}

/** Where the calls go. */
interface Target {
  /** For the report. */
  readonly name: string;
  /** For people. */
  readonly says: string;
  readonly config: HeadgateConfig;
  stop(): void;
}

const MOST_CALLS_AT_ONCE = 10_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `headgate load`: how fast a configuration answers. */
export function addLoadCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('load')
    .description('send a number of equal requests and report throughput, latencies, time in queue, errors and shares')
    .option('-c, --config <file>', 'a YAML or JSON file (default: $HEADGATE_CONFIG, else a simulated provider on this machine)')
    .option('--requests <n>', 'requests in all', wholeNumber(1), 100)
    .option('--concurrency <n>', `requests at once, at most ${MOST_CALLS_AT_ONCE}`, wholeNumber(1, MOST_CALLS_AT_ONCE), 10)
    .option('--model <name>', 'a model of the configuration (default: the only one)')
    .option('--stream', 'ask for streams, and measure the time to the first token')
    .option('--prompt-tokens <n>', 'length of each prompt, about', wholeNumber(1, 1_000_000), 50)
    .option('--max-tokens <n>', 'longest answer', wholeNumber(1), 64)
    .option('--rate <r>', 'hand in so many requests a second (default: the next as soon as one is answered)', positiveNumber)
    .option('--json [file]', 'write the report as one JSON object to a file, or to standard output with - or nothing')
    .option('--allow-failures', 'exit with 0 even where requests failed')
    .action(async (flags: LoadFlags) => exit(await load(flags)));
}

async function load(flags: LoadFlags): Promise<number> {
  const toStdout = flags.json === true || flags.json === '-';
  const people = toStdout ? process.stderr : process.stdout;
  // Before a test of hours, not after it.
  if (typeof flags.json === 'string' && !toStdout) save(flags.json, '');
  const target = await targetOf(flags.config, process.env);
  const headgate = assembleHeadgate(target.config, { env: process.env, historySize: 0 });
  try {
    people.write(`${target.says}\n`);
    const options = optionsOf(flags, target);
    const { report, isStopped } = await measured(options, target, headgate, people);
    people.write(`${loadLines(report).join('\n')}\n`);
    if (toStdout) process.stdout.write(`${JSON.stringify(report)}\n`);
    else if (typeof flags.json === 'string') save(flags.json, `${JSON.stringify(report, undefined, 2)}\n`);
    if (isStopped) return EXIT.interrupted;
    return report.failed > 0 && !flags.allowFailures ? EXIT.someFailed : EXIT.allCompleted;
  } finally {
    await headgate.close({ force: true });
    target.stop();
  }
}

async function targetOf(flag: string | undefined, env: Environment): Promise<Target> {
  const source = findConfig(flag, env);
  if (source !== undefined) return { name: source.path, says: source.says, config: await readConfig(source.path, env), stop: () => {} };
  const provider = await startDemoProvider(process.argv[1] ?? '', EMBEDDED_FLAGS);
  const says = `No configuration is given: the calls go to a simulated provider on this machine, ${provider.url}. Name your own with -c.`;
  return { name: 'simulated provider', says, config: embeddedConfig(provider.url), stop: () => provider.stop() };
}

function optionsOf(flags: LoadFlags, { name, config }: Target): LoadOptions {
  const models = Object.keys(config.models);
  const {
    requests,
    concurrency,
    stream = false,
    promptTokens,
    maxTokens,
    rate,
    model = models.length === 1 ? models[0] : undefined,
  } = flags;
  if (model === undefined)
    throw new UsageError(
      models.length === 0
        ? `${name} has no models: nothing can be sent. Add one under 'models' or 'providers'.`
        : `${name} has ${models.length} models: choose one with --model. It has: ${models.join(', ')}.`,
    );
  if (!models.includes(model)) throw unknownModel(model, name, models);
  return { model, requests, concurrency, stream, promptTokens, maxTokens, rate };
}

async function measured(
  options: LoadOptions,
  target: Target,
  headgate: Headgate,
  people: ProgressStream,
): Promise<{ readonly report: LoadReport; readonly isStopped: boolean }> {
  const { model, requests, concurrency, stream, rate } = options;
  const deploymentIds = headgate.upstreamsOf(model).map(({ id }) => id);
  const pace = rate === undefined ? '' : `, ${rate} a second`;
  people.write(
    `Sending ${counted(requests, 'request')} to ${model} over ${deploymentIds.join(', ') || 'no deployment'}, ${count(concurrency)} at once${pace}${stream ? ', streamed' : ''}.\n`,
  );
  const seen = { 'request-refused': 0, 'request-retried': 0 };
  const events = headgate.queues.events$.subscribe(({ type }) => {
    if (type === 'request-refused' || type === 'request-retried') seen[type] += 1;
  });
  const stop = new AbortController();
  const unlisten = stopOn(stop);
  const tally = new LoadTally();
  const startedAt = systemClock.now();
  const hide = showLoad({ tally, requests, queues: headgate.queues }, people, systemClock);
  try {
    await runLoad(options, { headgate, clock: systemClock, tally, signal: stop.signal });
  } finally {
    hide();
    unlisten();
    events.unsubscribe();
  }
  const elapsedMs = systemClock.now() - startedAt;
  const facts = { target: target.name, elapsedMs, refusals: seen['request-refused'], retries: seen['request-retried'], deploymentIds };
  return { report: loadReport(options, tally, facts), isStopped: stop.signal.aborted };
}

/** The first signal gives up what runs and reports what was measured; the second ends the process. */
function stopOn(stop: AbortController): () => void {
  const listener = (): void => {
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

function save(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`Can't write '${path}': ${systemReason(error)}.`, { cause: error });
  }
}
