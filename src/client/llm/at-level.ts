import type { LogLevel } from '../../config/headgate-config-pool.ts';
import type { Logger, LogMethod } from '../../domain/logger.ts';

const ORDER: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const ignore: LogMethod = () => {};

/** The same logger from a level on. */
export function atLevel(logger: Logger, level: LogLevel): Logger {
  const from = ORDER.indexOf(level);
  const passing = (name: keyof Logger): LogMethod =>
    ORDER.indexOf(name) < from ? ignore : (fields, message) => logger[name](fields, message);
  return { debug: passing('debug'), info: passing('info'), warn: passing('warn'), error: passing('error') };
}
