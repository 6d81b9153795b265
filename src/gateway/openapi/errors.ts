import { json, schemaRef } from './answers.ts';
import type { Answer, Reference, Schema } from './document-types.ts';
import { RETRY_AFTER, SHOULD_RETRY } from './headers.ts';

const CODE = 'Stable; which there are: docs/errors.md and docs/gateway.md.';

/** The two forms in which failures are told. */
export const ERROR_SCHEMAS: Readonly<Record<string, Schema>> = {
  OpenAiError: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['message', 'type', 'param', 'code'],
        properties: {
          message: { type: 'string' },
          type: { enum: ['invalid_request_error', 'authentication_error', 'permission_error', 'rate_limit_error', 'server_error'] },
          param: { type: ['string', 'null'] },
          code: { type: ['string', 'null'], description: CODE },
        },
      },
    },
  },
  AnthropicError: {
    type: 'object',
    required: ['type', 'error'],
    properties: {
      type: { const: 'error' },
      error: {
        type: 'object',
        required: ['type', 'message'],
        properties: {
          type: { type: 'string', description: "Anthropic's word for the status, as `rate_limit_error`." },
          message: { type: 'string' },
          details: { type: 'object', properties: { error_code: { type: 'string', description: CODE } } },
        },
      },
    },
  },
};

interface Meaning {
  readonly says: string;
  readonly headers: Readonly<Record<string, Reference>>;
}

const MEANINGS = {
  400: { says: 'The body, a header or a field is wrong, or a field has no faithful translation for the model.', headers: SHOULD_RETRY },
  401: { says: 'No key (`missing_key`), or one that is not known or was revoked (`unknown_key`).', headers: SHOULD_RETRY },
  403: {
    says: 'The key does not allow it: another tenant (`tenant_forbidden`), a model (`model_forbidden`); before the first key, a foreign name (`host_forbidden`).',
    headers: SHOULD_RETRY,
  },
  404: { says: 'There is no such thing, or it is not yours.', headers: SHOULD_RETRY },
  408: { says: 'The request did not arrive in time.', headers: SHOULD_RETRY },
  409: { says: 'It is over already.', headers: SHOULD_RETRY },
  413: { says: 'The body is larger than is read, or the call costs more than a whole limit holds.', headers: SHOULD_RETRY },
  415: { says: 'The body is not of the type that is read here.', headers: SHOULD_RETRY },
  429: {
    says: "The queue is full (`queue_full`), or the tenant's requests or budget are used up (`user_rate_limit`, `budget_exhausted`).",
    headers: { ...RETRY_AFTER, ...SHOULD_RETRY },
  },
  502: { says: 'No deployment gave an answer that could be handed on.', headers: SHOULD_RETRY },
  503: { says: 'Shutting down, nothing that could answer, or a store that is away.', headers: { ...RETRY_AFTER, ...SHOULD_RETRY } },
  504: { says: 'The deadline passed, in the queue or during an attempt.', headers: SHOULD_RETRY },
} satisfies Readonly<Record<number, Meaning>>;

type ErrorStatus = keyof typeof MEANINGS;

export const CALL_FAILS: readonly ErrorStatus[] = [400, 401, 403, 404, 408, 413, 415, 429, 502, 503, 504];

/** The failures of an operation, in the form of its face. */
export function failures(statuses: readonly ErrorStatus[], form: 'OpenAiError' | 'AnthropicError' = 'OpenAiError'): Record<string, Answer> {
  return Object.fromEntries(
    statuses.map((status) => [String(status), json(MEANINGS[status].says, schemaRef(form), MEANINGS[status].headers)]),
  );
}
