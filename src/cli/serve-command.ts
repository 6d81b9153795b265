import process from 'node:process';
import { type Command, Option } from 'commander';
import { assembleGateway } from '../gateway/assemble-gateway.ts';
import { systemClock } from '../lib/system-clock.ts';
import { getLogger, setupLogging } from '../observability/logging.ts';
import { whatItKeeps } from './check/telemetry-rows.ts';
import { findConfig, readConfig } from './config-source.ts';
import { startDemoProvider } from './demo-provider.ts';
import { EMBEDDED_FLAGS, embeddedGatewayConfig } from './embedded-provider.ts';
import { EXIT } from './exit-codes.ts';
import { positiveNumber, wholeNumber } from './flag-values.ts';

/** What has nothing more to do ends by itself long before that. */
const LINGER_MS = 500;
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

interface ServeFlags {
  readonly config?: string;
  readonly host: string;
  readonly port: number;
  readonly drainSeconds: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** `headgate serve`: the gateway, until it is told to stop. */
export function addServeCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('serve')
    .description("run the gateway: one address that speaks OpenAI's and Anthropic's protocols; prints its URL once it answers")
    .option('-c, --config <file>', 'a YAML or JSON file (default: $HEADGATE_CONFIG, else a simulated provider on this machine)')
    .option('--host <address>', 'address to listen on; beyond this machine only with keys', '127.0.0.1')
    .option('--port <n>', 'port; 0 takes any free one', wholeNumber(0, 65_535), 8080)
    .option('--drain-seconds <s>', 'longest time that calls may take to end once it is told to stop', positiveNumber, 30)
    .addOption(new Option('--log-level <level>', 'of the lines of JSON on standard error').choices(LOG_LEVELS).default('info'))
    .action(async (flags: ServeFlags) => exit(await serve(flags)));
}

async function serve({ config: flag, host, port, drainSeconds, logLevel }: ServeFlags): Promise<number> {
  const source = findConfig(flag, process.env);
  setupLogging({ level: logLevel, destination: process.stderr });
  const logger = getLogger('gateway');
  const provider = source === undefined ? await startDemoProvider(process.argv[1] ?? '', EMBEDDED_FLAGS) : undefined;
  try {
    const config = source === undefined ? embeddedGatewayConfig(provider?.url ?? '') : await readConfig(source.path, process.env);
    const gateway = await assembleGateway(config, { logger, env: process.env });
    try {
      const stopped = stopSignal();
      const url = await gateway.listen({ host, port });
      process.stdout.write(`${url}\n`);
      process.stderr.write(
        `${source?.says ?? `No configuration is given: calls go to a simulated provider on this machine, ${provider?.url}. Name your own with -c.`}\n`,
      );
      process.stderr.write(`${whatItKeeps(config)}\n`);
      await stopped;
      process.stderr.write(`Stopping: calls have ${drainSeconds} s to end; another signal ends it at once.\n`);
    } finally {
      // Also where it may not listen: connections to its stores would keep the process alive.
      await gateway.close({ deadlineMs: drainSeconds * 1_000 });
      // The connections to a database that hangs would keep the process for as long as it does.
      systemClock.setTimeout(() => process.exit(), LINGER_MS, { background: true });
    }
    return EXIT.allCompleted;
  } finally {
    provider?.stop();
  }
}

/** The second signal ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(EXIT.interrupted);
        stopping = true;
        resolve();
      });
    }
  });
}
