import type { Refusal } from './admission.ts';
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

/** An error in OpenAI's envelope. */
export function openAiError(message: string, type: string, code: string | null, param: string | null = null): ErrorBody {
  return { error: { message, type, param, code } };
}

function counts(type: SimulatedLimitType): 'requests' | 'tokens' {
  return type === 'rpm' || type === 'rpd' ? 'requests' : 'tokens';
}

function azureRefusal(refusal: Refusal): ErrorBody {
  const quantity = counts(refusal.limit.spec.type) === 'tokens' ? 'token' : 'call';
  const seconds = Math.max(1, Math.ceil(refusal.waitMs / 1000 - 1e-6));
  const wait = Number.isFinite(refusal.waitMs) ? `Please retry after ${seconds} seconds.` : 'The request is larger than the whole limit.';
  const message =
    'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded ' +
    `${quantity} rate limit of your current OpenAI S0 pricing tier. ${wait}`;
  return { error: { code: '429', message } };
}

/** The body of a 429: when to come back, or that the request can never fit. Texts as the providers publish them. */
export function refusalBody(model: string, refusal: Refusal, dialect: Dialect): ErrorBody {
  if (dialect === 'azure') return azureRefusal(refusal);
  const { type, limit } = refusal.limit.spec;
  const organization = dialect === 'groq' ? '`org_simulated` service tier `on_demand`' : 'org-simulated';
  const where = `${dialect === 'groq' ? `model \`${model}\`` : model} in organization ${organization} on ${LABELS[type]}`;
  if (!Number.isFinite(refusal.waitMs)) {
    const message = `Request too large for ${where}: Limit ${limit}, Requested ${refusal.requested}. The input or output tokens must be reduced in order to run successfully. ${MORE}`;
    return openAiError(message, counts(type), 'rate_limit_exceeded');
  }
  const amounts = `Limit ${limit}, Used ${Math.ceil(refusal.used - 1e-6)}, Requested ${refusal.requested}`;
  const message = `Rate limit reached for ${where}: ${amounts}. Please try again in ${goDuration(refusal.waitMs)}. ${MORE}`;
  return openAiError(message, counts(type), 'rate_limit_exceeded');
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

export const SERVER_ERRORS: Readonly<Record<500 | 503, ErrorBody>> = {
  500: openAiError('The server had an error while processing your request. Sorry about that!', 'server_error', null),
  503: openAiError('The engine is currently overloaded, please try again later.', 'server_error', 'server_is_overloaded'),
};
