import type { ChatUsage, JsonObject } from '../../domain/chat.ts';
import { notACompletion } from './chat-codec.ts';
import { countAt, isJsonObject, listAt, objectAt, textAt } from './json-fields.ts';

/** What is to be embedded. */
export interface EmbeddingRequest {
  readonly input: readonly string[];
  readonly model?: string | undefined;
  /** Length of the vectors; default: the model's. */
  readonly dimensions?: number | undefined;
  readonly extra?: JsonObject | undefined;
}

export interface WireEmbeddings {
  /** In the order of the input. */
  readonly vectors: readonly (readonly number[])[];
  readonly model: string | undefined;
  readonly usage: ChatUsage | undefined;
}

/** The body of `POST /embeddings`. Source: OpenAI's API reference. */
export function encodeEmbeddings({ input, model, dimensions, extra }: EmbeddingRequest): JsonObject {
  return { model, input, dimensions, encoding_format: 'float', ...extra };
}

/** Throws a `ProviderFailure` for something that is no list of as many embeddings. */
export function decodeEmbeddings(json: unknown, expected: number): WireEmbeddings {
  const rows = isJsonObject(json) ? listAt(json, 'data') : [];
  const vectors: (readonly number[])[] = [];
  for (const [place, row] of rows.entries()) {
    const vector = vectorOf(row['embedding']);
    if (vector !== undefined) vectors[countAt(row, 'index') ?? place] = vector;
  }
  const complete = vectors.length === expected && Object.keys(vectors).length === expected;
  if (!isJsonObject(json) || !complete) throw notACompletion(`The answer does not hold ${expected} embeddings.`);
  const promptTokens = countAt(objectAt(json, 'usage'), 'prompt_tokens');
  const usage = promptTokens === undefined ? undefined : { promptTokens, completionTokens: 0, totalTokens: promptTokens };
  return { vectors, model: textAt(json, 'model'), usage };
}

/** Numbers, or base64 of 32-bit floats in little-endian order. */
function vectorOf(embedding: unknown): readonly number[] | undefined {
  if (Array.isArray(embedding)) return embedding.every((value) => typeof value === 'number') ? embedding : undefined;
  if (typeof embedding !== 'string') return undefined;
  const bytes = Buffer.from(embedding, 'base64');
  if (bytes.length % 4 !== 0) return undefined;
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
