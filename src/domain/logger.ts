/** One log method, as pino has it: fields first, then the message. */
export type LogMethod = (fields: object, message?: string) => void;

/** What Headgate asks of a logger: pino's methods. Any object that has them will do. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

const ignore: LogMethod = () => {};

/** The default logger: says nothing. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** A log method that also takes a message alone, as pino's does. */
export interface EasyLogMethod extends LogMethod {
  (message: string): void;
}

/** A logger in the hands of a processor. */
export interface EasyLogger extends Logger {
  readonly debug: EasyLogMethod;
  readonly info: EasyLogMethod;
  readonly warn: EasyLogMethod;
  readonly error: EasyLogMethod;
}

/** A logger from which nothing that it throws reaches whoever logs: a broken sink must not break what it is told of. */
class HarmlessLogger implements EasyLogger {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  // Made once each, so that whoever logs may take one out of the logger.
  readonly debug: EasyLogMethod = (fields, message?: string) => this.#say('debug', fields, message);
  readonly info: EasyLogMethod = (fields, message?: string) => this.#say('info', fields, message);
  readonly warn: EasyLogMethod = (fields, message?: string) => this.#say('warn', fields, message);
  readonly error: EasyLogMethod = (fields, message?: string) => this.#say('error', fields, message);

  #say(level: keyof Logger, fields: object | string, message: string | undefined): void {
    try {
      if (typeof fields === 'string') this.#logger[level]({}, fields);
      else this.#logger[level](fields, message);
    } catch {
      // There is nobody left to tell.
    }
  }
}

/** The same logger, except that nothing it throws reaches whoever logs. */
export function harmless(logger: Logger): EasyLogger {
  return logger instanceof HarmlessLogger ? logger : new HarmlessLogger(logger);
}
