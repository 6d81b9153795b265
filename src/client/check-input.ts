import type { Clock } from '../domain/clock.ts';
import { InvalidConfiguration, InvalidRequest } from '../domain/errors.ts';

const LONGEST_SHOWN = 40;

/** A value as an error may show it: no contents of objects, and no long text. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value);
  if (Array.isArray(value)) return 'a list';
  if (value !== null && typeof value === 'object') return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** The error for an argument of a call. */
export function argumentError(path: string, value: unknown, expected: string): InvalidRequest {
  return new InvalidRequest(`'${path}' is ${shown(value)}: expected ${expected}.`, path);
}

/** Ends with it. */
export function refuseArgument(path: string, value: unknown, expected: string): never {
  throw argumentError(path, value, expected);
}

/** Ends with the error for what something is made from. */
export function refuseSetting(path: string, value: unknown, expected: string): never {
  throw new InvalidConfiguration(`'${path}' is ${shown(value)}: expected ${expected}.`, path);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value has all of these methods. */
export function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'function');
}

/** Throws `InvalidRequest` unless an argument is an object. */
export function requireObject(path: string, value: unknown, expected = 'an object'): void {
  if (!isObject(value)) refuseArgument(path, value, expected);
}

/** Throws `InvalidRequest` unless an argument is a text that is not empty. */
export function requireName(path: string, value: unknown, expected: string): void {
  if (typeof value !== 'string' || value === '') refuseArgument(path, value, expected);
}

/** Throws `InvalidConfiguration` unless options are an object whose `env` and `clock`, where given, are what they should be. */
export function requireOptions(options: object): void {
  if (!isObject(options)) refuseSetting('options', options, 'an object');
  const { env, clock } = options;
  if (env !== undefined && !isObject(env)) refuseSetting('options.env', env, 'variables by name');
  if (clock !== undefined && !hasMethods(clock, ...CLOCK)) refuseSetting('options.clock', clock, `an object with ${CLOCK.join(', ')}`);
}

/** Throws `InvalidConfiguration` unless a configuration is one that was resolved. */
export function requireConfig(config: unknown): void {
  if (isObject(config) && isObject(config['models']) && isObject(config['global']) && Array.isArray(config['warnings'])) return;
  refuseSetting('config', config, 'what parseHeadgateConfig or loadHeadgateConfig returned');
}

const CLOCK: readonly (keyof Clock)[] = ['now', 'wallMs', 'setTimeout', 'clearTimeout'];

/** Throws `InvalidConfiguration` unless a time in ms is left out or a number ≥ 0. */
export function requireMs(path: string, value: unknown): void {
  if (value !== undefined && !(typeof value === 'number' && value >= 0)) refuseSetting(path, value, 'milliseconds ≥ 0');
}

/** Throws `InvalidRequest` unless the options of a shutdown are an object. */
export function requireShutdown(options: unknown): void {
  if (options !== undefined) requireObject('options', options, 'an object with deadlineMs or force');
}
