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

/** The same logger, except that nothing it throws reaches whoever logs: a broken sink must not break what it is told of. */
export function harmless(logger: Logger): EasyLogger {
  const guarded =
    (level: keyof Logger): EasyLogMethod =>
    (fields: object | string, message?: string) => {
      try {
        if (typeof fields === 'string') logger[level]({}, fields);
        else logger[level](fields, message);
      } catch {
        // There is nobody left to tell.
      }
    };
  return { debug: guarded('debug'), info: guarded('info'), warn: guarded('warn'), error: guarded('error') };
}
