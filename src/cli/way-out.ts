import { LLMQueueException } from '../domain/errors.ts';
import { LLMException } from '../domain/llm-errors.ts';

const UNREACHED = 'Is the server running, and the baseUrl right?';
const NO_API = "Is the baseUrl that of the API, as the provider's own SDK takes it?";
const KEY = 'Is the key right?';

const BY_CODE: Readonly<Record<string, string>> = {
  connection_error: UNREACHED,
  ECONNREFUSED: UNREACHED,
  ENOTFOUND: UNREACHED,
  EAI_AGAIN: UNREACHED,
  EHOSTUNREACH: UNREACHED,
  invalid_response: NO_API,
  authentication_error: KEY,
  invalid_api_key: KEY,
  http_401: KEY,
};

/** What whoever typed a command may look at, after a code that tells it; empty for the others. Begins with a space. */
export function wayOut(...codes: readonly (string | undefined)[]): string {
  const found = codes.flatMap((code) => (code !== undefined && Object.hasOwn(BY_CODE, code) ? (BY_CODE[code] ?? []) : []));
  return found[0] === undefined ? '' : ` ${found[0]}`;
}

/** The same for what was thrown: the provider's own code says more than the class. */
export function wayOutOf(error: unknown): string {
  if (error instanceof LLMException) return wayOut(error.details.providerCode, error.code);
  return LLMQueueException.isInstance(error) ? wayOut(error.code) : '';
}
