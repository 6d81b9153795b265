import { InvalidRequest, textOf } from '../../domain/errors.ts';
import { requireObject } from '../check-input.ts';

/** Which models a request needs. All fields have defaults. */
export interface ModelPreferencesInput {
  /** Only this language model will do; default any. */
  readonly specificLlmModel?: string | undefined;
  /** Only this embedding model will do; default any. */
  readonly specificEmbeddingModel?: string | undefined;
  /** Default true. */
  readonly requireLlmModel?: boolean | undefined;
  /** Default false. With both required, one of each is reserved in one step. */
  readonly requireEmbeddingModel?: boolean | undefined;
  /** How many calls of the language model it makes on average; > 0, default 1. */
  readonly numLlmCallsPerReq?: number | undefined;
  /** How many calls of the embedding model it makes on average; > 0, default 1. */
  readonly numEmbCallsPerReq?: number | undefined;
}

/** Which models a request needs, checked and complete. Throws `InvalidRequest` for a field of the wrong kind. */
export class ModelPreferences implements ModelPreferencesInput {
  readonly specificLlmModel: string | undefined;
  readonly specificEmbeddingModel: string | undefined;
  readonly requireLlmModel: boolean;
  readonly requireEmbeddingModel: boolean;
  readonly numLlmCallsPerReq: number;
  readonly numEmbCallsPerReq: number;

  constructor(input: ModelPreferencesInput = {}) {
    requireObject('modelPref', input);
    this.specificLlmModel = text('specificLlmModel', input.specificLlmModel);
    this.specificEmbeddingModel = text('specificEmbeddingModel', input.specificEmbeddingModel);
    this.requireLlmModel = flag('requireLlmModel', input.requireLlmModel ?? true);
    this.requireEmbeddingModel = flag('requireEmbeddingModel', input.requireEmbeddingModel ?? false);
    this.numLlmCallsPerReq = calls('numLlmCallsPerReq', input.numLlmCallsPerReq ?? 1);
    this.numEmbCallsPerReq = calls('numEmbCallsPerReq', input.numEmbCallsPerReq ?? 1);
  }
}

function text(path: string, value: unknown): string | undefined {
  // A caller that forwards what it was given may have null or an empty text for "any".
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : refuse(path, value, "expected a model's id");
}

function flag(path: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(path, value, 'expected true or false');
}

function calls(path: string, value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : refuse(path, value, 'expected a number of calls > 0');
}

function refuse(path: string, value: unknown, expected: string): never {
  throw new InvalidRequest(`Model preferences: '${path}' is ${textOf(value)}: ${expected}.`, path);
}
