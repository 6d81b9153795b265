import { InvalidArgumentError } from 'commander';
import { namesUser } from '../lib/names-user.ts';
import { UsageError } from './usage-error.ts';

/** Reads a whole number from `least` to `most` (default: as large as it likes). */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    if (value > most) throw new InvalidArgumentError(`Expected at most ${most}.`);
    return value;
  };
}

/** Reads a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

/** Reads an http or https URL. */
export function httpUrl(text: string): string {
  // Not an error of commander's, which would quote it.
  if (namesUser(text)) {
    throw new UsageError(
      'The base URL has a user name or password in it, which would be shown. Put a key into a variable and name that with --api-key-env; for other headers take a configuration.',
    );
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new InvalidArgumentError('Expected a URL such as https://api.openai.com/v1.');
  return text;
}
