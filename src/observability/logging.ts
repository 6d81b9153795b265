import { type Level, type Logger, pino } from 'pino';

/** Fields that may hold a key or a prompt, wherever they turn up in what is logged. */
const SECRETS = ['apiKey', 'api_key', 'authorization', 'Authorization', 'x-api-key', 'api-key', 'prompt', 'messages', 'params', 'content'];
const REDACTED = SECRETS.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]);

export interface LoggingOptions {
  /** Lowest level that is written; default `info`. */
  readonly level?: Level | 'silent';
  /** Where lines go; default standard output. */
  readonly destination?: NodeJS.WritableStream;
  /** Writes keys and prompts as they are; default false: they are redacted. */
  readonly dangerouslyLogContent?: boolean;
}

let root: Logger | undefined;

/** Sets up the process's logger; JSON lines, keys and prompts redacted. Loggers taken before keep their settings. */
export function setupLogging(options: LoggingOptions = {}): Logger {
  const settings = {
    name: 'llm_queue',
    level: options.level ?? 'info',
    ...(!options.dangerouslyLogContent && { redact: { paths: REDACTED, censor: '[redacted]' } }),
  };
  root = options.destination === undefined ? pino(settings) : pino(settings, options.destination);
  return root;
}

/** A logger named `llm_queue.<name>`. Hand it to `new QueueManager({ logger })`. */
export function getLogger(name: string): Logger {
  root ??= setupLogging();
  return root.child({ name: `llm_queue.${name}` });
}
