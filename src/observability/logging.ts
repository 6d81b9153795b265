import { type Level, type Logger, pino } from 'pino';
import { redact } from './redact.ts';

export interface LoggingOptions {
  /** Lowest level that is written; default `info`. */
  readonly level?: Level | 'silent';
  /** Where lines go; default standard output. */
  readonly destination?: NodeJS.WritableStream;
  /** Writes keys and prompts as they are; default false: they are redacted. */
  readonly dangerouslyLogContent?: boolean;
}

// It has no name of its own: pino writes a child's name beside its parent's, and a line would hold two.
let nameless: Logger | undefined;

/** Sets up the process's logger; JSON lines; fields that hold keys, prompts or answers are censored at any depth. Loggers taken before keep their settings. */
export function setupLogging(options: LoggingOptions = {}): Logger {
  nameless = makeNameless(options);
  return nameless.child({ name: 'llm_queue' });
}

/** A logger named `llm_queue.<name>`. Hand it to `new QueueManager({ logger })`. */
export function getLogger(name: string): Logger {
  nameless ??= makeNameless({});
  return nameless.child({ name: `llm_queue.${name}` });
}

function makeNameless({ level = 'info', destination, dangerouslyLogContent }: LoggingOptions): Logger {
  const settings = { level, ...(!dangerouslyLogContent && { formatters: { log: redact } }) };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}
