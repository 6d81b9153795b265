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
