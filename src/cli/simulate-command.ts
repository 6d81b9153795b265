import type { Command } from 'commander';
import { type SimulatorFlags, simulatorOptionsFromFlags, startSimulator } from '../simulator/index.ts';
import { EXIT } from './exit-codes.ts';

/** `headgate simulate`: the simulated provider on its own, for tests of whatever calls a provider. */
export function addSimulateCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('simulate')
    .description('run a simulated provider that enforces its limits; prints its URL and serves until it is stopped')
    .option('--port <n>', 'port on loopback; 0 takes any free one (default: 0)')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--preset <name>', 'plain, openai, azure, groq or anthropic (default: openai)')
    .option('--rpm <n>', 'requests per minute; with any limit flag exactly the given limits apply')
    .option('--tpm <n>', 'tokens per minute')
    .option('--itpm <n>', 'input tokens per minute')
    .option('--otpm <n>', 'output tokens per minute')
    .option('--rpd <n>', 'requests per day')
    .option('--tpd <n>', 'tokens per day')
    .option('--window-seconds <s>', 'window of the per-minute limits (default: 60)')
    .option('--sub-window-seconds <s>', 'slice of the mechanism subwindow (default: 1)')
    .option('--mechanism <name>', "bucket, fixed, sliding or subwindow (default: the preset's)")
    .option('--cost <rule>', "exact, openai, azure or metered-output (default: the preset's)")
    .option('--latency <ms>', 'none, MIN-MAX to the headers, MIN-MAX/MIN-MAX with the body, ttft, or long (default: none)')
    .option('--faults <rates>', 'such as 5xx=0.01,reset=0.01,stall=0.005,truncate=0.01,error=0.01,stall-ms=5000; all kinds: docs/cli.md')
    .option('--count-delay <ms>', 'MIN-MAX between a call and its being counted (default: 0-50)')
    .option('--model <names>', 'the models that exist, separated by commas (default: any)')
    .option('--api-key <key>', 'the key that callers must send (default: none needed)')
    .option('--api-keys <keys>', 'several keys, separated by commas, each with limits of its own')
    .option('--hide-headers', 'send no rate-limit headers: callers must find the limits by themselves')
    .option('--hide-retry-after', 'refusals do not say when to come back')
    .option('--context-tokens <n>', 'tokens that fit in a context; a longer input gets a 400 (default: any)')
    .option('--azure-quirks <names>', 'sentinels, negative, refuse-in-stream, separated by commas')
    .option('--seed <n>', 'everything random follows from it (default: 1)')
    .action(async ({ model, ...flags }: SimulatorFlags & { readonly model?: string }) => {
      const simulator = await startSimulator(simulatorOptionsFromFlags({ ...flags, models: model }));
      process.stdout.write(`${simulator.url}\n`);
      await stopSignal();
      await simulator.close();
      if (process.connected) process.disconnect();
      exit(EXIT.allCompleted);
    });
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    // Started by another process with a channel to it: ends with that one.
    if (process.connected) process.once('disconnect', () => resolve());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve());
  });
}
