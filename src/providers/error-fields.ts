import { oneLine } from '../lib/one-line.ts';
import { firstOf } from './headers/header-values.ts';
import type { HttpReply } from './http-reply.ts';

/** An error as a provider told it, whatever the envelope. */
export interface ErrorFields {
  /** In one line, at most 500 characters. */
  readonly message: string;
  /** Everything that names the error, most telling first: error codes, codes, types, Google's status. Numbers as text. */
  readonly names: readonly string[];
  /** The message and what stands beside it: Google's quotas. For looking at, not for showing. */
  readonly text: string;
  /** Google's `RetryInfo.retryDelay`. */
  readonly retryDelay?: string | undefined;
}

type JsonObject = Readonly<Record<string, unknown>>;

const LONGEST_TEXT = 2000;
const NO_MESSAGE = 'The provider reported an error without a message.';
/** Places inside an error object whose texts name it. */
const NAME_FIELDS = ['error_code', 'code', 'type', 'status', 'error_type', 'limit_source'];

/**
 * The error in a body: OpenAI's and Azure's `{ error: { … } }`, also with a bare text; Anthropic's `{ type: 'error', error }`;
 * Google's, which may stand in an array; Mistral's flat one; OpenRouter's, also inside a choice; a failed response's.
 * Undefined where the body tells of none.
 */
export function errorFields(json: unknown): ErrorFields | undefined {
  const body = Array.isArray(json) ? json[0] : json;
  if (!isObject(body)) return undefined;
  const { error } = body;
  if (typeof error === 'string' && error !== '') return fields({ message: error });
  if (isObject(error)) return fields(error);
  if (body['object'] === 'error' || body['type'] === 'error') return fields(body);
  if (body['object'] === 'response' && body['status'] === 'failed') return fields({ message: 'The response failed without saying why.' });
  const choice: unknown = Array.isArray(body['choices']) ? body['choices'][0] : undefined;
  return isObject(choice) && isObject(choice['error']) ? fields(choice['error']) : undefined;
}

/** The error of an answer whose status says that it is one: its envelope, else what else the body tells, else its text. */
export function errorOf(reply: HttpReply): ErrorFields {
  const named = namesIn(firstOf(reply.headers['x-amzn-errortype'])?.split(':', 1) ?? []);
  const told = errorFields(reply.json) ?? flatError(reply.json) ?? { message: plainText(reply), names: [], text: plainText(reply) };
  return { ...told, names: [...named, ...told.names] };
}

/** A body's text without markup, in one line. */
function plainText(reply: Pick<HttpReply, 'status' | 'text'>): string {
  const bare = reply.text.slice(0, LONGEST_TEXT).replace(/<(script|style)\b[\s\S]*?(?:<\/\1>|$)|<!--[\s\S]*?(?:-->|$)|<[^>]*>/gi, ' ');
  const plain = oneLine(bare);
  return plain === '' ? `HTTP ${reply.status} without a message` : plain;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

/** Bedrock's and API management's `{ message }`, FastAPI's `{ detail }`, which Mistral and vLLM use for a 422. */
function flatError(json: unknown): ErrorFields | undefined {
  if (!isObject(json)) return undefined;
  if (typeof json['message'] === 'string') return fields(json);
  const { detail } = json;
  if (typeof detail === 'string') return fields({ message: detail });
  const problems = Array.isArray(detail) ? detail.filter(isObject).map(problemText) : [];
  return problems.length === 0 ? undefined : fields({ message: problems.join('; ') });
}

function problemText(problem: JsonObject): string {
  const place = Array.isArray(problem['loc']) ? `${problem['loc'].join('.')}: ` : '';
  return `${place}${textOf(problem['msg']) ?? 'wrong'}`;
}

function fields(error: JsonObject): ErrorFields {
  const details: unknown = error['details'];
  // Anthropic's and OpenRouter's say more than the error's own code, Azure's less.
  const places = [details, error['metadata'], error, error['innererror']].filter((each) => isObject(each) && !Array.isArray(each));
  const found = places.filter(isObject).flatMap((place) => NAME_FIELDS.map((field) => textOf(place[field])));
  const names = namesIn(found);
  const google = Array.isArray(details) ? details.filter(isObject) : [];
  const message = textOf(error['message']) ?? NO_MESSAGE;
  return {
    message: oneLine(message) || NO_MESSAGE,
    names,
    text: [message.slice(0, LONGEST_TEXT), ...google.flatMap(quotasOf)].join('\n'),
    retryDelay: google.map((detail) => textOf(detail['retryDelay'])).find((delay) => delay !== undefined),
  };
}

function namesIn(texts: readonly (string | undefined)[]): readonly string[] {
  return texts.map((text) => oneLine(text ?? '')).filter((name) => name !== '');
}

/** One line for each of Google's violations: which quota, and how large it is. */
function quotasOf(detail: JsonObject): readonly string[] {
  const violations = Array.isArray(detail['violations']) ? detail['violations'].filter(isObject).slice(0, 20) : [];
  return violations.map((each) => `${textOf(each['quotaId']) ?? ''} limit: ${textOf(each['quotaValue']) ?? 'unknown'}`);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
