import { InvalidConfiguration, textOf } from '../domain/errors.ts';

/** Returns a rate limit that is a whole number > 0; throws `InvalidConfiguration` otherwise. */
export function validateRateLimit(value: unknown): number {
  return wholeNumber(value, 'rateLimit');
}

/** Returns a period in seconds, > 0; throws `InvalidConfiguration` otherwise. */
export function validateTimePeriod(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) refuse('timePeriod', value, 'expected seconds, > 0');
  return value;
}

/** Throws `InvalidConfiguration` unless an option is left out or a finite number ≥ 0 that passes `also`. */
export function validateAmount(path: string, value: unknown, expected: string, also: (value: number) => boolean = Number.isFinite): void {
  if (value !== undefined && !(typeof value === 'number' && value >= 0 && also(value))) refuse(path, value, `expected ${expected}`);
}

/** Throws `InvalidConfiguration` unless an option is left out or a function. */
export function validateFunction(path: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') refuse(path, value, 'expected a function');
}

/** Throws `InvalidConfiguration` unless `options` is an object of fields. */
export function validateOptions(what: string, options: unknown): asserts options is object {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new InvalidConfiguration(`${what}: the options are ${textOf(options)}: expected an object.`);
}

function wholeNumber(value: unknown, path: string): number {
  if (!Number.isInteger(value) || (value as number) <= 0) refuse(path, value, 'expected a whole number > 0');
  return value as number;
}

function refuse(path: string, value: unknown, expected: string): never {
  throw new InvalidConfiguration(`'${path}' is ${textOf(value)}: ${expected}.`, path);
}
