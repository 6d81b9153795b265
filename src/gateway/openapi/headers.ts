import type { JsonObject } from '../../domain/chat.ts';
import type { Parameter, Reference } from './document-types.ts';

const MOST_SECONDS = 7 * 86_400;

/** Headers that callers may send, by the name that operations refer to them. */
export const REQUEST_HEADERS: Readonly<Record<string, Parameter>> = {
  Timeout: {
    name: 'x-headgate-timeout',
    in: 'header',
    description:
      'Seconds after which the answer is of no more use, waiting included. Without it `x-stainless-timeout` counts; with neither there is no deadline.',
    schema: { type: 'number', exclusiveMinimum: 0, maximum: MOST_SECONDS },
  },
  SdkTimeout: {
    name: 'x-stainless-timeout',
    in: 'header',
    description: "The official SDKs' own patience in seconds, which they send by themselves.",
    schema: { type: 'number' },
  },
  Priority: {
    name: 'x-headgate-priority',
    in: 'header',
    description: 'Higher goes first, within its tenant; lowered to what the key allows.',
    schema: { type: 'integer', minimum: -10, maximum: 10, default: 0 },
  },
  Tenant: {
    name: 'x-headgate-tenant',
    in: 'header',
    description: "The tenant to act for; only an administrator's key may name another than its own.",
    schema: { type: 'string', maxLength: 100 },
  },
};

const text = (description: string): JsonObject => ({ description, schema: { type: 'string' } });
const number = (description: string): JsonObject => ({ description, schema: { type: 'integer', minimum: 0 } });

/** Headers of answers. */
export const ANSWER_HEADERS: Readonly<Record<string, JsonObject>> = {
  RequestId: text('By this id logs, telemetry and the status know the call.'),
  Deployment: text('Which deployment answered.'),
  QueueMs: number('Milliseconds in the queue.'),
  Position: number('Calls of its model that were waiting when it came.'),
  Attempts: number('Calls of a provider that it took; refused ones are not counted.'),
  LimitRequests: number('OpenAI face: the limit on requests that holds for the caller.'),
  RemainingRequests: number('OpenAI face: how many of them are left.'),
  ResetRequests: text('OpenAI face: how long until there is room, as `1.5s`.'),
  LimitTokens: number('OpenAI face: the limit on tokens that holds for the caller.'),
  RemainingTokens: number('OpenAI face: how many of them are left.'),
  ResetTokens: text('OpenAI face: how long until there is room, as `1.5s`.'),
  AnthropicLimitRequests: number('Anthropic face: the limit on requests that holds for the caller.'),
  AnthropicRemainingRequests: number('Anthropic face: how many of them are left.'),
  AnthropicResetRequests: text('Anthropic face: when there is room, as `2026-01-31T12:00:00Z`.'),
  AnthropicLimitTokens: number('Anthropic face: the limit on tokens that holds for the caller.'),
  AnthropicRemainingTokens: number('Anthropic face: how many of them are left.'),
  AnthropicResetTokens: text('Anthropic face: when there is room, as `2026-01-31T12:00:00Z`.'),
  RetryAfter: number('Seconds after which asking again can succeed.'),
  ShouldRetry: { description: 'Asking again does not help; the official SDKs obey it.', schema: { const: 'false' } },
  Estimated: { description: 'The number was counted here and not by the provider.', schema: { const: 'true' } },
};

const ref = (name: string): Reference => ({ $ref: `#/components/headers/${name}` });

export const CALL_ID = { 'x-headgate-request-id': ref('RequestId') };

/** How a call went. */
const CALL_HEADERS = {
  ...CALL_ID,
  'x-headgate-deployment': ref('Deployment'),
  'x-headgate-queue-ms': ref('QueueMs'),
  'x-headgate-position': ref('Position'),
  'x-headgate-attempts': ref('Attempts'),
};

export const OPENAI_CALL_HEADERS = {
  ...CALL_HEADERS,
  'x-ratelimit-limit-requests': ref('LimitRequests'),
  'x-ratelimit-remaining-requests': ref('RemainingRequests'),
  'x-ratelimit-reset-requests': ref('ResetRequests'),
  'x-ratelimit-limit-tokens': ref('LimitTokens'),
  'x-ratelimit-remaining-tokens': ref('RemainingTokens'),
  'x-ratelimit-reset-tokens': ref('ResetTokens'),
};

export const ANTHROPIC_CALL_HEADERS = {
  ...CALL_HEADERS,
  'anthropic-ratelimit-requests-limit': ref('AnthropicLimitRequests'),
  'anthropic-ratelimit-requests-remaining': ref('AnthropicRemainingRequests'),
  'anthropic-ratelimit-requests-reset': ref('AnthropicResetRequests'),
  'anthropic-ratelimit-tokens-limit': ref('AnthropicLimitTokens'),
  'anthropic-ratelimit-tokens-remaining': ref('AnthropicRemainingTokens'),
  'anthropic-ratelimit-tokens-reset': ref('AnthropicResetTokens'),
};

export const RETRY_AFTER = { 'retry-after': ref('RetryAfter') };
export const SHOULD_RETRY = { 'x-should-retry': ref('ShouldRetry') };
export const ESTIMATED = { 'x-headgate-estimated': ref('Estimated') };

/** What every model call may say of how it wants to be queued. */
export const QUEUEING: readonly Reference[] = ['Timeout', 'SdkTimeout', 'Priority', 'Tenant'].map(parameterRef);

export const FOR_TENANT: readonly Reference[] = [parameterRef('Tenant')];

function parameterRef(name: string): Reference {
  return { $ref: `#/components/parameters/${name}` };
}
