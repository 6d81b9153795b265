import { Command, CommanderError } from 'commander';
import { LLMQueueException } from '../domain/errors.ts';
import { version } from '../index.ts';
import { addChatCommand } from './chat-command.ts';
import { addCheckCommand } from './check-command.ts';
import { addDemoCommand } from './demo-command.ts';
import { EXIT, EXIT_CODES } from './exit-codes.ts';
import { addKeysCommand } from './keys-command.ts';
import { addLoadCommand } from './load-command.ts';
import { addMachinesCommand } from './machines-command.ts';
import { addRunCommand } from './run-command.ts';
import { addServeCommand } from './serve-command.ts';
import { addSimulateCommand } from './simulate-command.ts';
import { addStatusCommand } from './status-command.ts';

/** Runs one command and resolves with its exit code. Never rejects: whatever goes wrong is one line on standard error. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.allCompleted;
  const exit = (code: number): void => {
    exitCode = code;
  };
  const program = new Command('headgate')
    .description('Sends LLM requests within every limit of the provider and uses nearly all of what the limits allow.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(`${text.trim()}${helpHint(text.trim(), args)}`)) });
  addRunCommand(program, exit);
  addServeCommand(program, exit);
  addKeysCommand(program, exit);
  addSimulateCommand(program, exit);
  addCheckCommand(program, exit);
  addChatCommand(program, exit);
  addLoadCommand(program, exit);
  addStatusCommand(program, exit);
  addMachinesCommand(program, exit);
  addDemoCommand(program, exit);
  for (const each of [program, ...program.commands]) each.addHelpText('after', EXIT_CODES);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.allCompleted : EXIT.usage;
    process.stderr.write(oneLine(describe(error)));
    return EXIT.usage;
  }
  return exitCode;
}

function describe(error: unknown): string {
  if (LLMQueueException.isInstance(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 2).join(' ') : String(error);
}

/** Where to look after a word that nobody knows, or one too few. */
function helpHint(text: string, [command = '', subcommand = '']: readonly string[]): string {
  if (text.includes('unknown command')) return '. `headgate --help` lists the commands.';
  if (!/unknown option|missing|required option|too many arguments/.test(text)) return '';
  const asked = command === 'keys' && /^\w/.test(subcommand) ? `${command} ${subcommand}` : command;
  return `${/[.)]$/.test(text) ? '' : '.'} See \`headgate ${asked} --help\`.`;
}

/** Commander begins with `error: ` and puts its suggestion on a line of its own. */
function oneLine(text: string): string {
  return `headgate: ${text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ')}\n`;
}
