import { ProviderFailure } from './provider-failure.ts';

/** No connection came about: nothing was sent. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** The other side's certificate or protocol is wrong; it will be the next time too. */
const TLS = /^(EPROTO$|ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** What went wrong below HTTP. */
export interface NetworkProblem {
  /** Node's or undici's own code, else `network_error`. */
  readonly code: string;
  readonly message: string;
  /** Whether a connection was made, so that the request may have arrived. */
  readonly connected: boolean;
}

/** Reads an error of the network, which may be wrapped (Node tries several addresses and gathers what each said). */
export function networkProblem(error: unknown): NetworkProblem {
  for (const place of placesOf(error)) {
    const code = 'code' in place && typeof place.code === 'string' ? place.code : undefined;
    if (code === undefined) continue;
    return { code, message: problemText(code, place.message), connected: !NOT_CONNECTED.has(code) && !TLS.test(code) };
  }
  return { code: 'network_error', message: error instanceof Error ? error.message : String(error), connected: true };
}

/** One line. What OpenSSL says of a failed handshake is its own source code's business. */
function problemText(code: string, message: string): string {
  if (/^(ERR_SSL_|EPROTO)/.test(code)) return `the TLS handshake failed (${code}); is it an https server?`;
  return message === '' ? code : message.replace(/\s*\n\s*/g, ' ').trim();
}

/** The failure of a call that got no answer. All of them may be tried again: the call may never have arrived. */
export function networkFailure(error: unknown): ProviderFailure {
  const { code, message } = networkProblem(error);
  return new ProviderFailure({ message: `No answer: ${message}`, code, retryable: true, cause: error });
}

function* placesOf(error: unknown): Iterable<Error> {
  if (!(error instanceof Error)) return;
  if (error instanceof AggregateError) for (const inner of error.errors) yield* placesOf(inner);
  yield error;
  if (error.cause !== undefined && error.cause !== error) yield* placesOf(error.cause);
}
