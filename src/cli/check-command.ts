import process from 'node:process';
import type { Command } from 'commander';
import { maskedConfig } from '../config/expand/masked-dump.ts';
import type { HeadgateConfig } from '../config/headgate-config-types.ts';
import { loadHeadgateConfig } from '../config/load-config.ts';
import { InvalidConfiguration } from '../domain/errors.ts';
import { systemClock } from '../lib/system-clock.ts';
import { deploymentProblem } from '../providers/deployment-problem.ts';
import { columns, describeConfig } from './check/describe-config.ts';
import { type ProbeResult, probeDeployments } from './check/probe.ts';
import { EXIT } from './exit-codes.ts';
import { wayOut } from './way-out.ts';

interface CheckFlags {
  readonly json?: boolean;
  readonly probe?: boolean;
}

/** `headgate check`: whether a configuration is right, and what it was understood as. */
export function addCheckCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('check')
    .description('validate a configuration and print what was understood, with keys masked')
    .argument('<config>', 'a YAML or JSON file')
    .option('--json', 'print it as one JSON object')
    .option('--probe', 'ask every deployment once whether it answers, for 10 s at most')
    .action(async (path: string, flags: CheckFlags) => exit(await check(path, flags)));
}

async function check(path: string, { json = false, probe = false }: CheckFlags): Promise<number> {
  let config: HeadgateConfig;
  try {
    config = await loadHeadgateConfig(path, { env: process.env, checkDeployment: deploymentProblem });
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    if (json) print(JSON.stringify({ error: { code: error.code, path: error.path, problems: error.message.split('\n') } }));
    else for (const line of error.message.split('\n')) process.stderr.write(`headgate: ${line}\n`);
    return EXIT.someFailed;
  }
  if (!json) print(describeConfig(config, path, process.env).join('\n'));
  const answers = probe ? await probeDeployments(config, { clock: systemClock, env: process.env }) : undefined;
  if (json) print(JSON.stringify({ ...maskedConfig(config), ...(answers && { probe: answers }) }));
  else if (answers) print(['', 'probe', ...columns(answers.map(rowOf)).map((line) => `  ${line}`)].join('\n'));
  return answers?.some(({ ok }) => !ok) ? EXIT.someFailed : EXIT.allCompleted;
}

function rowOf({ deploymentId, ok, ms, code = '', message = '' }: ProbeResult): string[] {
  return [deploymentId, ok ? 'ok' : 'failed', `${ms} ms`, `${[code, message].filter((part) => part !== '').join(': ')}${wayOut(code)}`];
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
