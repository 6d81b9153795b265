import { RateLimitRefused } from '../domain/errors.ts';
import { untilNamed, waitInHeaders, waitNamed } from './asked-wait.ts';
import { isMoneyCode, isRetryableStatus, saysTooLarge } from './refusal-vocabulary.ts';
import { numberAt, valueAt } from './thrown-fields.ts';

/** What a processor's failure means for the request. */
export type Failure =
  | {
      readonly kind: 'refused';
      readonly retryAfterMs?: number | undefined;
      readonly limitType?: string | undefined;
      readonly domain?: string | undefined;
      /** The provider itself has no room: no limit of ours refused. */
      readonly capacity?: boolean | undefined;
      /** The load grew too fast for the provider: fewer calls at once, not only later. */
      readonly slowDown?: boolean | undefined;
    }
  | ({ readonly kind: 'retryable' | 'final' } & Blame);

/** Whose fault a failure is, where a model has several deployments. */
interface Blame {
  /** Another deployment may succeed with the same request. */
  readonly failOver: boolean;
  /** It counts for the deployment's circuit. */
  readonly cools: boolean;
  /** The deployment's key or account is refused. */
  readonly disables: boolean;
  /** Which deployment it was, where the error says so. */
  readonly deploymentId?: string | undefined;
  /** The least wait before the same deployment is tried again, where the provider says so. */
  readonly retryAfterMs?: number | undefined;
  /** Epoch milliseconds until which the account is refused, where the provider says so. */
  readonly untilMs?: number | undefined;
}

export const FINAL: Exclude<Failure, { readonly kind: 'refused' }> = { kind: 'final', failOver: false, cools: false, disables: false };

const NETWORK_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'ENETDOWN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);
/** What browsers and Node say when `fetch` had no response at all. */
const FETCH_FAILED = /^(fetch failed|failed to fetch|load failed|networkerror)/i;

const DEEPEST_CAUSE = 8;

/** Decides what to do about what a processor threw, whatever it is; never throws. */
export function classifyFailure(thrown: unknown, wallMs: number): Failure {
  if (thrown === null || typeof thrown !== 'object') return FINAL;
  try {
    return classifyObject(thrown, wallMs);
  } catch {
    // A proxy may throw at the question what it is.
    return FINAL;
  }
}

function classifyObject(thrown: object, wallMs: number): Failure {
  if (thrown instanceof RateLimitRefused || valueAt(thrown, 'code') === 'rate_limit_refused') {
    const said = { limitType: valueAt(thrown, 'limitType'), domain: valueAt(thrown, 'domain') };
    return {
      kind: 'refused',
      retryAfterMs: waitNamed(thrown),
      limitType: typeof said.limitType === 'string' ? said.limitType : undefined,
      domain: typeof said.domain === 'string' ? said.domain : undefined,
      capacity: valueAt(thrown, 'capacity') === true,
      slowDown: valueAt(thrown, 'slowDown') === true,
    };
  }
  const status = numberAt(thrown, 'status') ?? numberAt(thrown, 'statusCode');
  if (status === 429) {
    if (isFinalRefusal(thrown)) return FINAL;
    return { kind: 'refused', retryAfterMs: waitInHeaders(thrown, wallMs) };
  }
  return blamed(thrown, status, wallMs);
}

/** What the error says of itself goes before what its status or code lets suppose. */
function blamed(thrown: object, status: number | undefined, wallMs: number): Failure {
  const broken = (status !== undefined && status >= 500) || isNetworkError(thrown);
  const said = valueAt(thrown, 'retryable');
  const retryable = typeof said === 'boolean' ? said : broken || (status !== undefined && isRetryableStatus(status));
  const failOver = valueAt(thrown, 'failOver');
  const scope = valueAt(thrown, 'scope');
  const deploymentId = valueAt(thrown, 'deploymentId');
  const disables = scope === undefined ? status === 401 || status === 403 : scope === 'account';
  return {
    kind: retryable ? 'retryable' : 'final',
    failOver: typeof failOver === 'boolean' ? failOver : retryable || disables,
    cools: scope === undefined ? broken : scope === 'deployment',
    disables,
    deploymentId: typeof deploymentId === 'string' ? deploymentId : undefined,
    retryAfterMs: waitNamed(thrown),
    untilMs: untilNamed(thrown, wallMs),
  };
}

function isFinalRefusal(thrown: object): boolean {
  const body = valueAt(thrown, 'error');
  const inner = typeof body === 'object' && body !== null ? (valueAt(body, 'error') ?? body) : undefined;
  for (const place of [thrown, inner]) {
    if (typeof place !== 'object' || place === null) continue;
    for (const field of ['code', 'type', 'error_code']) {
      if (isMoneyCode(valueAt(place, field))) return true;
    }
    const message = valueAt(place, 'message');
    if (typeof message === 'string' && saysTooLarge(message)) return true;
  }
  return false;
}

/** @param depth how many causes deep; they may go round in a circle */
function isNetworkError(thrown: object, depth = 0): boolean {
  const code = valueAt(thrown, 'code');
  if (typeof code === 'string' && NETWORK_CODES.has(code)) return true;
  if (thrown instanceof TypeError && FETCH_FAILED.test(thrown.message)) return true;
  const cause = valueAt(thrown, 'cause');
  return typeof cause === 'object' && cause !== null && depth < DEEPEST_CAUSE && isNetworkError(cause, depth + 1);
}
