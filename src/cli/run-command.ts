import { type Command, Option } from 'commander';
import type { BatchOptions, LimitFlag } from './batch/batch-options.ts';
import type { InputFormat } from './batch/interpret-line.ts';
import { exitCodeOf, explainEnd, runBatchVisibly } from './batch-face.ts';
import { type ConfigSource, type Environment, findConfig, readConfig, unknownModel } from './config-source.ts';
import { deploymentLines, limitsByOwner } from './deployment-lines.ts';
import { httpUrl, positiveNumber, wholeNumber } from './flag-values.ts';
import { isOwnMachine } from './missing-keys.ts';
import { summaryLines } from './summary.ts';
import { UsageError } from './usage-error.ts';

interface RunFlags {
  readonly output: string;
  readonly config?: string;
  readonly model?: string;
  readonly baseUrl?: string;
  readonly apiKeyEnv?: string;
  readonly rpm?: number;
  readonly tpm?: number;
  readonly itpm?: number;
  readonly otpm?: number;
  readonly rpd?: number;
  readonly concurrency: number;
  readonly windowSeconds?: number;
  readonly countedWithin?: number;
  readonly limit?: number;
  readonly format?: InputFormat;
  readonly maxAttempts?: number;
  readonly attemptTimeout?: number;
  readonly json?: boolean;
}

const OPENAI = 'https://api.openai.com/v1';
const KEY_VARIABLE = 'OPENAI_API_KEY';
const LIMIT_TYPES = ['rpm', 'tpm', 'itpm', 'otpm', 'rpd'] as const;
const MOST_CALLS_AT_ONCE = 10_000;
const MAX_ATTEMPTS = 5;
const ATTEMPT_TIMEOUT_SECONDS = 600;
/** What a configuration says by itself. */
const NOT_WITH_CONFIG = {
  baseUrl: '--base-url',
  apiKeyEnv: '--api-key-env',
  rpm: '--rpm',
  tpm: '--tpm',
  itpm: '--itpm',
  otpm: '--otpm',
  rpd: '--rpd',
  windowSeconds: '--window-seconds',
  countedWithin: '--counted-within',
} as const;

/** `headgate run`: a file of requests in, a file of results out. */
export function addRunCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('run')
    .usage('[options] <input> -o <file>')
    .description('send a file of requests within the limits and write the results; run it again to resume')
    .argument(
      '<input>',
      "JSONL in OpenAI's Batch format, JSONL with 'prompt' or 'messages', a .txt of one prompt a line, or - for standard input",
    )
    .requiredOption('-o, --output <file>', 'where the results go, one line per request (required)')
    .option('-c, --config <file>', 'models, deployments, keys and limits from a YAML or JSON file (default: $HEADGATE_CONFIG)')
    .option('--model <name>', 'model of lines that name none')
    .option('--base-url <url>', `OpenAI-compatible endpoint (default: $OPENAI_BASE_URL or ${OPENAI})`, httpUrl)
    .option('--api-key-env <name>', `environment variable that holds the key (default: ${KEY_VARIABLE})`)
    .option('--rpm <n>', 'requests per minute and model', wholeNumber(1))
    .option('--tpm <n>', 'tokens per minute and model', wholeNumber(1))
    .option('--itpm <n>', 'input tokens per minute and model', wholeNumber(1))
    .option('--otpm <n>', 'output tokens per minute and model', wholeNumber(1))
    .option('--rpd <n>', 'requests per day and model', wholeNumber(1))
    .option('--concurrency <n>', `calls at once, at most ${MOST_CALLS_AT_ONCE}`, wholeNumber(1, MOST_CALLS_AT_ONCE), 64)
    .option('--window-seconds <s>', 'window of the per-minute limits, for endpoints that count otherwise (default: 60)', positiveNumber)
    .option(
      '--counted-within <ms>',
      'longest time between sending a call and its being counted (default: 1000; 200 for windows up to 10 s)',
      positiveNumber,
    )
    .option('--limit <n>', 'only the first n requests of the input', wholeNumber(1))
    .addOption(new Option('--format <format>', 'of the input (default: txt for .txt, else jsonl)').choices(['jsonl', 'txt']))
    .option(
      '--max-attempts <n>',
      `attempts per request when the network or the server fails (default: ${MAX_ATTEMPTS}, or the configuration's)`,
      wholeNumber(1),
    )
    .option(
      '--attempt-timeout <s>',
      `longest attempt, in seconds (default: ${ATTEMPT_TIMEOUT_SECONDS}, or the configuration's)`,
      positiveNumber,
    )
    .option('--json', 'print the summary as one JSON object on standard output, progress on standard error')
    .action(async (input: string, flags: RunFlags) => exit(await run(input, flags)));
}

async function run(input: string, flags: RunFlags): Promise<number> {
  const progress = flags.json ? process.stderr : process.stdout;
  const source = configSource(flags, process.env);
  if (source !== undefined) progress.write(`${source.says}\n`);
  const options =
    source === undefined ? endpointOptions(input, flags, process.env) : await configuredOptions(input, flags, source.path, process.env);
  const outcome = await runBatchVisibly(options, progress);
  if (flags.json) process.stdout.write(`${JSON.stringify(outcome.report)}\n`);
  else
    process.stdout.write(
      `${[...summaryLines(limitsByOwner(outcome.report), options.output), ...deploymentLines(outcome.report)].join('\n')}\n`,
    );
  explainEnd(outcome);
  return exitCodeOf(outcome);
}

/**
 * The configuration to run with, if any. @throws UsageError for one given together with flags that say the same; one from
 * the environment gives way to such flags
 */
function configSource(flags: RunFlags, environment: Environment): ConfigSource | undefined {
  const others = Object.entries(NOT_WITH_CONFIG).flatMap(([name, flag]) => (name in flags ? [flag] : []));
  if (flags.config !== undefined && others.length > 0) {
    const one = others.length === 1;
    throw new UsageError(
      `-c ${flags.config} and ${others.join(', ')} say the same thing twice: drop ${one ? 'the flag' : 'the flags'} and put ${one ? 'it' : 'them'} into the configuration, or drop -c.`,
    );
  }
  return flags.config === undefined && others.length > 0 ? undefined : findConfig(flags.config, environment);
}

/** @throws UsageError for a configuration that is wrong or has no such model */
async function configuredOptions(input: string, flags: RunFlags, path: string, env: Environment): Promise<BatchOptions> {
  const config = await readConfig(path, env);
  const models = Object.keys(config.models);
  const [only] = models;
  if (only === undefined) throw new UsageError(`${path} has no models: nothing can be sent. Add one under 'models' or 'providers'.`);
  if (flags.model !== undefined && !models.includes(flags.model)) throw unknownModel(flags.model, path, models);
  return {
    ...commonOptions(input, flags),
    model: flags.model ?? (models.length === 1 ? only : undefined),
    config,
    configPath: path,
    env,
    maxAttempts: flags.maxAttempts,
    attemptTimeoutSeconds: flags.attemptTimeout,
  };
}

function commonOptions(input: string, { output, format, concurrency, limit }: RunFlags) {
  return {
    command: 'run',
    input,
    output,
    format: format ?? (/\.txt$/i.test(input) ? 'txt' : 'jsonl'),
    concurrency,
    lineLimit: limit,
  } as const;
}

/** What the flags and the environment ask for. @throws UsageError where a key is missing */
function endpointOptions(input: string, flags: RunFlags, environment: Environment): BatchOptions {
  const baseUrl = flags.baseUrl ?? httpUrlOr(OPENAI, environment['OPENAI_BASE_URL']);
  const apiKeyEnv = flags.apiKeyEnv ?? KEY_VARIABLE;
  const apiKey = environment[apiKeyEnv]?.trim() || undefined;
  if (apiKey === undefined && (flags.apiKeyEnv !== undefined || !isOwnMachine(baseUrl))) {
    throw new UsageError(
      `No key for ${new URL(baseUrl).host}: set the environment variable ${apiKeyEnv}, or name another one with --api-key-env.`,
    );
  }
  return {
    ...commonOptions(input, flags),
    model: flags.model,
    baseUrl,
    apiKey,
    apiKeyEnv,
    limits: LIMIT_TYPES.flatMap((type): LimitFlag[] => (flags[type] === undefined ? [] : [{ type, limit: flags[type] }])),
    windowSeconds: flags.windowSeconds,
    countedWithinMs: flags.countedWithin,
    maxAttempts: flags.maxAttempts ?? MAX_ATTEMPTS,
    attemptTimeoutSeconds: flags.attemptTimeout ?? ATTEMPT_TIMEOUT_SECONDS,
  };
}

function httpUrlOr(fallback: string, text: string | undefined): string {
  if (text === undefined || text === '') return fallback;
  try {
    return httpUrl(text);
  } catch (cause) {
    if (cause instanceof UsageError) throw new UsageError(`Environment variable OPENAI_BASE_URL: ${cause.message}`, { cause });
    throw new UsageError(`The environment variable OPENAI_BASE_URL is '${text}'; expected a URL such as ${OPENAI}.`, { cause });
  }
}
