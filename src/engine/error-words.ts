import { LLMQueueException, textOf } from '../domain/errors.ts';
import { oneLine } from '../lib/one-line.ts';
import { numberAt, valueAt } from '../scheduling/thrown-fields.ts';

const LONGEST = 200;
/** A name or a code, and no text. */
const NAMES = /^[\w.-]{1,60}$/;

/**
 * What snapshots, logs and other callers may hear of an error, in one line. Ours are told by their message, in which keys are censored,
 * without the name of the deployment that it is told of. A stranger's message may quote a key or a prompt: of those only name, status and code.
 */
export function errorWords(error: Error, deploymentId: string): string {
  return isOurs(error) ? messageWords(textOf(error), deploymentId) : strangersWords(error);
}

function isOurs(error: Error): boolean {
  try {
    // A `ProcessingError` says in our name what a stranger threw.
    return LLMQueueException.isInstance(error) && error.code !== 'processing_error';
  } catch {
    return false;
  }
}

function messageWords(message: string, deploymentId: string): string {
  const line = oneLine(message);
  const name = `Deployment '${deploymentId}'`;
  const words = line.startsWith(name) ? line.slice(name.length).replace(/^:? /, '') : line;
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
}

function strangersWords(error: Error): string {
  // What `fetch` throws has its code inside, and what is no error is wrapped in one.
  const places = [error, valueAt(error, 'cause')].filter((each) => typeof each === 'object' && each !== null);
  const first = <T>(read: (place: object) => T | undefined): T | undefined => places.map(read).find((found) => found !== undefined);
  const status = first((place) => numberAt(place, 'status') ?? numberAt(place, 'statusCode'));
  const code = first((place) => nameAt(place, 'code'));
  const details = [status === undefined ? [] : `status ${status}`, code === undefined ? [] : `code ${code}`].flat();
  return [nameAt(error, 'name') ?? 'Error', ...details].join(', ');
}

function nameAt(place: object, key: string): string | undefined {
  const value = valueAt(place, key);
  return typeof value === 'string' && NAMES.test(value) ? value : undefined;
}
