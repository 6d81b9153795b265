import { anthropicError } from './anthropic-errors.ts';
import { azureRefusal } from './azure-errors.ts';
import { errorIn, invalidKey, invalidRequest, modelNotFound, openAiError, serverError } from './error-bodies.ts';
import type { RejectionKind } from './faults.ts';
import { goDuration } from './go-duration.ts';
import type { ErrorBody } from './simulated-call.ts';
import type { Dialect } from './simulator-options.ts';

/** Status and body of an answer in place of being admitted. */
export interface Rejection {
  readonly status: number;
  readonly error: ErrorBody;
}

/** What a rejection is written with. */
export interface RejectionFacts {
  readonly dialect: Dialect;
  readonly model: string;
  readonly requestId: string;
  /** When to come back, of those that pass. */
  readonly waitMs: number;
  /** The text keeps the wait to itself. */
  readonly hideWait?: boolean | undefined;
}

const PASSING: ReadonlySet<RejectionKind> = new Set<RejectionKind>(['rateLimit', 'slowDown', 'overloaded']);

/** Whether coming back later helps. */
export function passes(kind: RejectionKind): boolean {
  return PASSING.has(kind);
}

/** A prompt that is longer than the model's context. */
export function promptTooLong(dialect: Dialect, tokens: number, context: number, requestId: string): Rejection {
  const openAi = `This model's maximum context length is ${context} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`;
  const error =
    dialect === 'anthropic'
      ? anthropicError(400, `prompt is too long: ${tokens} tokens > ${context} maximum`, requestId)
      : invalidRequest(openAi, 'messages', 'context_length_exceeded');
  return { status: 400, error };
}

function anthropicRejection(kind: RejectionKind, { model, requestId }: RejectionFacts): Rejection {
  const answer = (status: number, message: string, code?: string) => ({ status, error: anthropicError(status, message, requestId, code) });
  switch (kind) {
    case 'rateLimit':
      return answer(429, "This request would exceed your organization's rate limit of 50 requests per minute (org: 00000000-simulated).");
    case 'slowDown':
      return answer(429, 'This request would exceed the acceleration limit: scale up your usage gradually.', 'ramp_limit_exceeded');
    case 'overloaded':
      return answer(529, 'Overloaded');
    case 'tooLarge':
      return answer(413, 'Request exceeds the maximum size');
    case 'insufficientQuota':
      return answer(429, 'Your organization has crossed its monthly API usage threshold.', 'enforced_spend_limit_reached');
    case 'unauthorized':
      return answer(401, 'invalid x-api-key');
    case 'forbidden':
      return answer(403, 'Your API key does not have permission to use the specified resource.');
    case 'notFound':
      return answer(404, `model: ${model}`);
    case 'promptTooLong':
      return promptTooLong('anthropic', 250_000, 200_000, requestId);
    case 'contentFilter':
      return answer(400, 'Output blocked by content filtering policy');
  }
}

const AZURE_FILTER: ErrorBody = {
  error: {
    message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt.",
    type: '',
    param: 'prompt',
    code: 'content_filter',
    innererror: {
      code: 'ResponsibleAIPolicyViolation',
      content_filter_result: { violence: { filtered: true, severity: 'medium' } },
    },
  },
};

function azureRejection(kind: RejectionKind, { waitMs, hideWait = false }: RejectionFacts): Rejection | undefined {
  if (kind === 'rateLimit') return { status: 429, error: azureRefusal({ waitMs, tokens: false }, hideWait) };
  if (kind === 'contentFilter') return { status: 400, error: AZURE_FILTER };
  if (kind !== 'overloaded') return undefined;
  const message =
    'The system is currently experiencing high demand and cannot process your request. Your request exceeds the maximum usage size allowed during peak load.';
  return { status: 429, error: { error: { code: 'too_many_requests', message } } };
}

const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';
const TOO_LARGE =
  'on tokens per min (TPM): Limit 30000, Requested 34307. The input or output tokens must be reduced in order to run successfully.';

function openAiRejection(kind: RejectionKind, { model, requestId, waitMs, hideWait }: RejectionFacts): Rejection {
  const where = `${model} in organization org-simulated`;
  const again = hideWait ? '' : ` Please try again in ${goDuration(waitMs)}.`;
  const limited = `Rate limit reached for ${where} on requests per min (RPM): Limit 3, Used 3, Requested 1.${again}`;
  switch (kind) {
    case 'rateLimit':
      return { status: 429, error: openAiError(limited, 'requests', 'rate_limit_exceeded') };
    case 'slowDown':
      return { status: 429, error: openAiError('Slow down: your request rate grows too fast.', 'requests', 'slow_down') };
    case 'overloaded':
      return serverError('openai', 1, requestId);
    case 'tooLarge':
      return { status: 429, error: openAiError(`Request too large for ${where} ${TOO_LARGE}`, 'tokens', 'rate_limit_exceeded') };
    case 'insufficientQuota':
      return { status: 429, error: openAiError(QUOTA, 'insufficient_quota', 'insufficient_quota') };
    case 'unauthorized':
      return { status: 401, error: invalidKey() };
    case 'forbidden':
      return {
        status: 403,
        error: invalidRequest('You are not allowed to use this resource.', null, 'unsupported_country_region_territory'),
      };
    case 'notFound':
      return { status: 404, error: modelNotFound(model) };
    case 'promptTooLong':
      return promptTooLong('openai', 250_000, 200_000, requestId);
    case 'contentFilter':
      return { status: 400, error: invalidRequest('The prompt was refused by the content filter.', 'prompt', 'content_filter') };
  }
}

/** How a dialect answers a call that is rejected on purpose. */
export function rejectionOf(kind: RejectionKind, facts: RejectionFacts): Rejection {
  const { dialect, requestId } = facts;
  if (dialect === 'anthropic') return anthropicRejection(kind, facts);
  const own = dialect === 'azure' ? azureRejection(kind, facts) : undefined;
  if (own) return own;
  const { status, error } = openAiRejection(kind, facts);
  return { status, error: errorIn(dialect, status, error, requestId) };
}
