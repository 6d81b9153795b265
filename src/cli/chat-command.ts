import process from 'node:process';
import type { Command } from 'commander';
import { LLMManager } from '../client/llm/llm-manager.ts';
import type { HeadgateConfig } from '../config/headgate-config-types.ts';
import { systemClock } from '../lib/system-clock.ts';
import { Chat } from './chat/chat.ts';
import { understand } from './chat/chat-commands.ts';
import { ChatOutput } from './chat/chat-output.ts';
import { LineSource } from './chat/line-source.ts';
import { findConfig, readConfig } from './config-source.ts';
import { startDemoProvider } from './demo-provider.ts';
import { EMBEDDED_FLAGS, embeddedConfig } from './embedded-provider.ts';
import { EXIT } from './exit-codes.ts';

interface ChatFlags {
  readonly config?: string;
  readonly model?: string;
  readonly system?: string;
  readonly color: boolean;
}

interface Target {
  readonly says: string;
  readonly config: HeadgateConfig;
  stop(): void;
}

/** `headgate chat`: an interactive session. */
export function addChatCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('chat')
    .description('talk with a model; each line of a pipe is a prompt. /help lists what can be done meanwhile')
    .option('-c, --config <file>', 'a YAML or JSON file (default: $HEADGATE_CONFIG, else a simulated provider on this machine)')
    .option('--model <name>', "a model of the configuration (default: the default provider's)")
    .option('--system <text>', 'the system prompt')
    .option('--no-color', 'no colours on a terminal; so does the environment variable NO_COLOR')
    .action(async (flags: ChatFlags) => {
      const code = await chat(flags);
      // Everything is closed; whoever interrupts waits for nothing else.
      if (code === EXIT.interrupted) process.exit(code);
      exit(code);
    });
}

async function chat({ config: flag, model, system, color }: ChatFlags): Promise<number> {
  const target = await targetOf(flag);
  const { stdin, stdout, stderr } = process;
  const output = new ChatOutput(stdout, stderr, color && (process.env['NO_COLOR'] ?? '') === '');
  output.lines([target.says]);
  const manager = new LLMManager(target.config, { env: process.env });
  try {
    const talk = new Chat({ manager, clock: systemClock, output, model, system });
    output.aside(`${talk.model ?? talk.client.models.join(', ')} of '${talk.client.name}' answers. /help lists the commands.`);
    return await converse(talk, stdin.isTTY === true && stdout.isTTY === true);
  } finally {
    await manager.close({ force: true });
    target.stop();
    stdin.destroy();
  }
}

async function targetOf(flag: string | undefined): Promise<Target> {
  const source = findConfig(flag, process.env);
  if (source !== undefined) return { says: source.says, config: await readConfig(source.path, process.env), stop: () => {} };
  const provider = await startDemoProvider(process.argv[1] ?? '', EMBEDDED_FLAGS);
  return {
    says: 'No configuration is given: a simulated provider on this machine answers, with words that mean nothing. Name your own with -c.',
    config: embeddedConfig(provider.url),
    stop: () => provider.stop(),
  };
}

async function converse(talk: Chat, isTerminal: boolean): Promise<number> {
  let isInterrupted = false;
  let isWarned = false;
  const end = (): void => {
    isInterrupted = true;
    talk.stop();
    lines.close();
  };
  const interrupt = (): void => {
    if (isWarned) return end();
    isWarned = true;
    if (!talk.stop()) talk.output.lines(['', 'Once more, or /exit, ends.']);
  };
  const lines = new LineSource(process.stdin, process.stdout, isTerminal, interrupt);
  process.on('SIGINT', interrupt);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  try {
    for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
      isWarned = false;
      const understood = understand(talk, line);
      if (understood.kind === 'exit') break;
      if (understood.kind === 'prompt') await talk.ask(understood.text);
    }
  } finally {
    lines.close();
    process.off('SIGINT', interrupt);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
  }
  if (isInterrupted) return EXIT.interrupted;
  // Whoever sits at a terminal has seen it.
  return talk.failures > 0 && !isTerminal ? EXIT.someFailed : EXIT.allCompleted;
}
