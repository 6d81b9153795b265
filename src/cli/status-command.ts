import process from 'node:process';
import type { Command } from 'commander';
import { systemClock } from '../lib/system-clock.ts';
import { findConfig, readConfig } from './config-source.ts';
import { EXIT } from './exit-codes.ts';
import { readStatus } from './status/read-status.ts';
import { statusLines } from './status/status-lines.ts';
import { UsageError } from './usage-error.ts';

interface StatusFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly probe?: boolean;
}

/** `headgate status`: the limits as the providers report them. */
export function addStatusCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('status')
    .description('ask every deployment for its limits and print them beside the configured ones, with keys masked')
    .option('-c, --config <file>', 'a YAML or JSON file (default: $HEADGATE_CONFIG)')
    .option('--probe', 'where a provider says its limits only with model calls, make one call of one token')
    .option('--json', 'print one JSON object')
    .action(async (flags: StatusFlags) => exit(await status(flags)));
}

async function status({ config: flag, json = false, probe = false }: StatusFlags): Promise<number> {
  const source = findConfig(flag, process.env);
  if (source === undefined) throw new UsageError('No configuration: name one with -c, or in the environment variable HEADGATE_CONFIG.');
  const config = await readConfig(source.path, process.env);
  if (!json) process.stdout.write(`${source.says}\n\n`);
  const deployments = await readStatus(config, { clock: systemClock, env: process.env, probe });
  if (json) process.stdout.write(`${JSON.stringify({ config: source.path, deployments })}\n`);
  else process.stdout.write(`${deployments.length === 0 ? 'It has no deployments.' : statusLines(deployments).join('\n')}\n`);
  return deployments.every(({ ok }) => ok) ? EXIT.allCompleted : EXIT.someFailed;
}
