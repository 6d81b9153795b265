import type { Refusal } from './admission.ts';
import { anthropicError, anthropicRefusal } from './anthropic-errors.ts';
import { azureError, azureRefusal, isTokens } from './azure-errors.ts';
import { goDuration } from './go-duration.ts';
import type { SimulatedLimitType } from './limits/simulated-limit.ts';
import type { ErrorBody } from './simulated-call.ts';
import type { Dialect } from './simulator-options.ts';

const LABELS: Readonly<Record<SimulatedLimitType, string>> = {
  rpm: 'requests per min (RPM)',
  rpd: 'requests per day (RPD)',
  tpm: 'tokens per min (TPM)',
  tpd: 'tokens per day (TPD)',
  itpm: 'input tokens per min (ITPM)',
  otpm: 'output tokens per min (OTPM)',
};

const MORE = 'Visit https://platform.openai.com/account/rate-limits to learn more.';

/** What a refusal's text keeps to itself, so that a client must find the limits by trying. */
export interface Hidden {
  /** The limit's size and what is used of it. */
  readonly amounts?: boolean;
  /** When to come back. */
  readonly wait?: boolean;
}

/** An error in OpenAI's envelope. */
export function openAiError(message: string, type: string, code: string | null, param: string | null = null): ErrorBody {
  return { error: { message, type, param, code } };
}

/** An error of OpenAI's in the words and the envelope of another dialect. */
export function errorIn(dialect: Dialect, status: number, error: ErrorBody, requestId: string): ErrorBody {
  if (dialect === 'anthropic') return anthropicError(status, error.error.message, requestId);
  return dialect === 'azure' ? azureError(status, error) : error;
}

/** The body of a 429: when to come back, or that the request can never fit. Texts as the providers publish them. */
export function refusalBody(model: string, refusal: Refusal, dialect: Dialect, requestId = '', hidden: Hidden = {}): ErrorBody {
  if (dialect === 'azure') return azureRefusal({ waitMs: refusal.waitMs, tokens: isTokens(refusal) }, hidden.wait ?? false);
  if (dialect === 'anthropic') return anthropicRefusal(model, refusal, requestId, hidden.amounts ?? false);
  const { type, limit } = refusal.limit.spec;
  const organization = dialect === 'groq' ? '`org_simulated` service tier `on_demand`' : 'org-simulated';
  const where = `${dialect === 'groq' ? `model \`${model}\`` : model} in organization ${organization} on ${LABELS[type]}`;
  const counted = isTokens(refusal) ? 'tokens' : 'requests';
  if (!Number.isFinite(refusal.waitMs)) {
    const amounts = hidden.amounts ? '.' : `: Limit ${limit}, Requested ${refusal.requested}.`;
    const message = `Request too large for ${where}${amounts} The input or output tokens must be reduced in order to run successfully. ${MORE}`;
    return openAiError(message, counted, 'rate_limit_exceeded');
  }
  const used = Math.ceil(refusal.used - 1e-6);
  const amounts = hidden.amounts ? '.' : `: Limit ${limit}, Used ${used}, Requested ${refusal.requested}.`;
  const wait = hidden.wait ? '' : ` Please try again in ${goDuration(refusal.waitMs)}.`;
  return openAiError(`Rate limit reached for ${where}${amounts}${wait} ${MORE}`, counted, 'rate_limit_exceeded');
}

export function modelNotFound(model: string): ErrorBody {
  return openAiError(
    `The model \`${model}\` does not exist or you do not have access to it.`,
    'invalid_request_error',
    'model_not_found',
    'model',
  );
}

export function invalidKey(): ErrorBody {
  return openAiError('Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key');
}

export function invalidRequest(message: string, param: string | null = null, code: string | null = null): ErrorBody {
  return openAiError(message, 'invalid_request_error', code, param);
}

/** Status and body of a failing server. `draw` from 0 to 1 chooses between a crash and too much load. */
export function serverError(dialect: Dialect, draw: number, requestId: string): { readonly status: number; readonly error: ErrorBody } {
  if (dialect === 'anthropic') {
    const status = draw < 0.5 ? 500 : 529;
    return { status, error: anthropicError(status, status === 500 ? 'Internal server error' : 'Overloaded', requestId) };
  }
  return draw < 0.5 ? { status: 500, error: CRASHED } : { status: 503, error: OVERLOADED };
}

const CRASHED = openAiError('The server had an error while processing your request. Sorry about that!', 'server_error', null);
const OVERLOADED = openAiError('The engine is currently overloaded, please try again later.', 'server_error', 'server_is_overloaded');
