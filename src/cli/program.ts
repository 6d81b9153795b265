import { Command, CommanderError } from 'commander';
import { LLMQueueException } from '../domain/errors.ts';
import { version } from '../domain/version.ts';
import { EXIT, EXIT_CODES } from './exit-codes.ts';

type AddCommand = (program: Command, exit: (code: number) => void) => void;

/** In the order of the help. Each brings half the package along: only the one that is asked for is loaded. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  run: async () => (await import('./run-command.ts')).addRunCommand,
  serve: async () => (await import('./serve-command.ts')).addServeCommand,
  keys: async () => (await import('./keys-command.ts')).addKeysCommand,
  simulate: async () => (await import('./simulate-command.ts')).addSimulateCommand,
  check: async () => (await import('./check-command.ts')).addCheckCommand,
  chat: async () => (await import('./chat-command.ts')).addChatCommand,
  load: async () => (await import('./load-command.ts')).addLoadCommand,
  status: async () => (await import('./status-command.ts')).addStatusCommand,
  machines: async () => (await import('./machines-command.ts')).addMachinesCommand,
  demo: async () => (await import('./demo-command.ts')).addDemoCommand,
};

/** The command that is named first, else all of them: for the help, and to guess what a misspelt one was to be. */
async function commandsFor([name = '']: readonly string[]): Promise<AddCommand[]> {
  if (name === '--version') return [];
  const named = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return Promise.all((named === undefined ? Object.values(COMMANDS) : [named]).map((load) => load()));
}

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
  for (const add of await commandsFor(args)) add(program, exit);
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
  const asked = [command, ...(command === 'keys' ? [subcommand] : [])].filter((word) => /^\w/.test(word));
  return `${/[.)]$/.test(text) ? '' : '.'} See \`${['headgate', ...asked, '--help'].join(' ')}\`.`;
}

/** Commander begins with `error: ` and puts its suggestion on a line of its own. */
function oneLine(text: string): string {
  return `headgate: ${text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ')}\n`;
}
