import { z } from 'zod';
import type { ChatRequest, CompletionResponse, JsonObject } from '../../domain/chat.ts';
import { InvalidRequest } from '../../domain/errors.ts';
import { LLMProviderError } from '../../domain/llm-errors.ts';

/** A completion whose answer was checked. */
export interface ParsedResponse<T> extends CompletionResponse {
  readonly parsed: T;
}

/** Throws `InvalidRequest` for a schema that JSON schema has no word for. */
export function answerSchemaOf(schema: z.ZodType, name = 'answer'): NonNullable<ChatRequest['answerSchema']> {
  try {
    const { $schema: _, ...json }: JsonObject = z.toJSONSchema(schema, { io: 'input', override: closed });
    return { name, schema: json };
  } catch (cause) {
    throw new InvalidRequest(
      `'schema' can't be written as a JSON schema: ${cause instanceof Error ? cause.message : 'unknown reason'}.`,
      'schema',
      { cause },
    );
  }
}

/** A model writes the fields that are named, and no others: providers' strict modes ask for that to be said. */
function closed({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.type === 'object' && jsonSchema.properties !== undefined) jsonSchema.additionalProperties ??= false;
}

/** Reads the answer by its schema. Rejects with `LLMProviderError` of code `answer_mismatch`; what the model said is not in it. */
export async function parsedResponse<S extends z.ZodType>(schema: S, response: CompletionResponse): Promise<ParsedResponse<z.output<S>>> {
  const result = await schema.safeParseAsync(jsonOf(response));
  if (result.success) return Object.assign(response, { parsed: result.data });
  const issues = result.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }));
  const first = issues[0];
  throw mismatch(response, `'${first?.path ?? ''}': ${first?.message ?? 'does not fit'}`, issues);
}

function jsonOf(response: CompletionResponse): unknown {
  try {
    return JSON.parse(response.content);
  } catch {
    const cut = response.finishReason === 'length' ? '; it was cut off: raise maxTokens' : '';
    throw mismatch(response, `it is no JSON${cut}`, []);
  }
}

function mismatch(
  { provider, model, clientId, finishReason }: CompletionResponse,
  why: string,
  issues: readonly object[],
): LLMProviderError {
  const details = { provider, model, deploymentId: clientId, finishReason, issues };
  return new LLMProviderError(`Deployment '${clientId}': the answer doesn't fit the schema: ${why}.`, details, { code: 'answer_mismatch' });
}
