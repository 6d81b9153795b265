import { counted } from '../../lib/counted.ts';
import { columns } from '../check/describe-config.ts';
import { UsageError } from '../usage-error.ts';
import type { Chat } from './chat.ts';
import { clientLines, historyLines, metricLines, statusLines, tokenLines } from './chat-views.ts';
import { modelsOf } from './chosen-client.ts';

interface ChatCommand {
  readonly usage: string;
  readonly says: string;
  /** Returns what to print. @throws UsageError */
  readonly run: (chat: Chat, argument: string) => readonly string[];
}

const MOST_COPIES = 10;

const COMMANDS: Readonly<Record<string, ChatCommand>> = {
  help: { usage: '/help', says: 'this list', run: () => helpLines() },
  status: {
    usage: '/status',
    says: 'who answers, and what waits',
    run: ({ client, model, session, isStreaming }) => statusLines(client, model, session, isStreaming),
  },
  clear: {
    usage: '/clear',
    says: 'forget what was said',
    run: ({ session }) => {
      session.clear();
      return ['The conversation starts afresh.'];
    },
  },
  history: { usage: '/history', says: 'what was said', run: ({ session }) => historyLines(session) },
  system: { usage: '/system TEXT', says: 'set the system prompt; none takes it away', run: setSystem },
  stream: { usage: '/stream on|off', says: 'show answers as they come, or whole', run: setStream },
  tokens: { usage: '/tokens', says: 'what the conversation has used', run: ({ session }) => tokenLines(session) },
  model: { usage: '/model NAME', says: 'go on with another model', run: setModel },
  metrics: { usage: '/metrics', says: 'requests, success and latency so far', run: ({ client }) => metricLines(client) },
  clients: { usage: '/clients', says: 'each key, what it does and what its limits leave', run: ({ client }) => clientLines(client) },
  parallel: { usage: '/parallel N', says: `send the next prompt N times (1 to ${MOST_COPIES}), answers side by side`, run: setCopies },
  exit: { usage: '/exit, /quit', says: 'end; so does Ctrl-D', run: () => [] },
};

/** What a line of the chat means: the end, a command that was done, or a prompt to be sent. */
export type Understood = { readonly kind: 'exit' | 'done' } | { readonly kind: 'prompt'; readonly text: string };

/** Understands a line, and does what it says where that is a command. `//` at its start stands for one slash of a prompt. */
export function understand(chat: Chat, line: string): Understood {
  const text = line.trim();
  if (text === '') return { kind: 'done' };
  if (!text.startsWith('/') || text.startsWith('//')) return { kind: 'prompt', text: text.startsWith('//') ? text.slice(1) : text };
  const [, name = '', argument = ''] = /^\/(\S*)\s*(.*)$/s.exec(text) ?? [];
  const word = name.toLowerCase();
  if (word === 'exit' || word === 'quit') return { kind: 'exit' };
  const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  try {
    if (command === undefined)
      throw new UsageError(`Unknown command '/${name}'. /help lists the commands; // sends a prompt that begins with /.`);
    chat.output.lines(command.run(chat, argument));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    chat.output.problem(error.message);
  }
  return { kind: 'done' };
}

function helpLines(): string[] {
  return columns(Object.values(COMMANDS).map(({ usage, says }) => [usage, says]));
}

function setSystem({ session }: Chat, argument: string): string[] {
  if (argument === '') return [`System prompt: ${session.systemPrompt ?? 'none'}`];
  session.setSystemPrompt(argument === 'none' ? undefined : argument);
  return [argument === 'none' ? 'No system prompt any more.' : 'The system prompt is set.'];
}

function setStream(chat: Chat, argument: string): string[] {
  if (argument !== 'on' && argument !== 'off' && argument !== '') throw new UsageError(`/stream is '${argument}'; expected on or off.`);
  if (argument !== '') chat.isStreaming = argument === 'on';
  return [`Streaming is ${chat.isStreaming ? 'on' : 'off'}.`];
}

function setModel(chat: Chat, argument: string): string[] {
  if (argument === '') return [`Model: ${chat.model ?? chat.client.models.join(', ')}. There are: ${modelsOf(chat.manager).join(', ')}.`];
  chat.switchModel(argument);
  return [`${argument} of '${chat.client.name}' answers from now on.`];
}

function setCopies(chat: Chat, argument: string): string[] {
  const copies = Number(argument);
  if (argument === '' || !Number.isInteger(copies) || copies < 1 || copies > MOST_COPIES) {
    throw new UsageError(`/parallel is '${argument}'; expected a whole number from 1 to ${MOST_COPIES}.`);
  }
  chat.copies = copies;
  return [copies === 1 ? 'The next prompt is sent once.' : `The next prompt is sent ${counted(copies, 'time')}.`];
}
