import { Buffer } from 'node:buffer';
import type { SimulatedScript } from '../request-script.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { ApiContext, ApiProblem, ApiRequest, ErrorOutcome } from './api-answer.ts';
import { tokensOfCharacters } from './filler-text.ts';
import type { JsonObject } from './json-object.ts';
import { badRequest, isProblem, scriptOf } from './request-fields.ts';

/** OpenAI's bounds on one request. */
const MOST_INPUTS = 2048;
const DEFAULT_DIMENSIONS = 1536;
const MOST_DIMENSIONS = 4096;

type EmbeddingInput = string | readonly number[];

function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((token) => Number.isInteger(token));
}

function inputsOf(input: unknown): readonly EmbeddingInput[] | undefined {
  if (typeof input === 'string') return input === '' ? undefined : [input];
  if (isTokens(input)) return [input];
  if (!Array.isArray(input) || input.length === 0 || input.length > MOST_INPUTS) return undefined;
  return input.every((item) => (typeof item === 'string' && item !== '') || isTokens(item)) ? input : undefined;
}

/** FNV-1a of the input: equal inputs have equal vectors. */
function hashOf(input: EmbeddingInput): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < input.length; i++) {
    const unit = typeof input === 'string' ? input.charCodeAt(i) : (input[i] ?? 0);
    hash = Math.imul(hash ^ unit, 0x01000193) >>> 0;
  }
  return hash;
}

/** A vector of length 1 that depends on nothing but the input. */
function vectorOf(input: EmbeddingInput, dimensions: number): Float32Array {
  const random = new SeededRandom(hashOf(input));
  const vector = Float32Array.from({ length: dimensions }, () => random.next() - 0.5);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function encode(vector: Float32Array, base64: boolean): string {
  return base64 ? `"${Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')}"` : `[${vector.join(',')}]`;
}

function errorJson({ message, code }: ErrorOutcome): string {
  return JSON.stringify({ error: { message, type: 'server_error', param: null, code } });
}

/** Reads a body of `POST /v1/embeddings`: `input` as text, texts, tokens or lists of tokens; `encoding_format` float or base64. */
export function embeddingsRequest(body: JsonObject, _context: ApiContext, preset?: SimulatedScript): ApiRequest | ApiProblem {
  const { model, input, dimensions = DEFAULT_DIMENSIONS, encoding_format: format = 'float' } = body;
  if (typeof model !== 'string' || model === '') return badRequest('you must provide a model parameter', 'model');
  const inputs = inputsOf(input);
  if (!inputs) return badRequest(`'$.input' is invalid: expected a text, tokens, or 1 to ${MOST_INPUTS} of either.`, 'input');
  if (format !== 'float' && format !== 'base64')
    return badRequest("Invalid 'encoding_format': expected 'float' or 'base64'.", 'encoding_format');
  if (typeof dimensions !== 'number' || !Number.isInteger(dimensions) || dimensions < 1 || dimensions > MOST_DIMENSIONS) {
    return badRequest(`Invalid 'dimensions': expected an integer from 1 to ${MOST_DIMENSIONS}.`, 'dimensions');
  }
  const script =
    preset ??
    scriptOf(
      body,
      inputs.filter((item) => typeof item === 'string'),
    );
  if (isProblem(script)) return script;
  const inputTokens = inputs.reduce((sum, item) => sum + (typeof item === 'string' ? tokensOfCharacters(item.length) : item.length), 0);
  const whole = () => {
    const data = inputs.map((item, index) => {
      return `{"object":"embedding","index":${index},"embedding":${encode(vectorOf(item, dimensions), format === 'base64')}}`;
    });
    const usage = `{"prompt_tokens":${inputTokens},"total_tokens":${inputTokens}}`;
    return `{"object":"list","data":[${data.join(',')}],"model":${JSON.stringify(model)},"usage":${usage}}`;
  };
  const none = () => '';
  const { fault, headersMs } = script;
  return {
    call: { model, inputTokens, outputTokens: 0, fault, headersMs },
    answer: { whole, begin: none, portion: none, end: none, streamError: none, bodyError: errorJson },
  };
}
