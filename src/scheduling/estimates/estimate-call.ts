import type { CostRule } from '../../domain/cost-rule.ts';
import type { WireFormatName } from '../../domain/wire-format.ts';
import { chargesRealUsage } from './charge-of.ts';
import { countTokens } from './count-tokens.ts';
import { estimateCharacters, estimateText } from './estimate-text.ts';
import { type JsonObject, jsonOf, type TokenPrices, tally } from './tally-content.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What a call will cost, in tokens. */
export interface CallEstimate {
  /** At least 1. */
  readonly input: number;
  /** The call's own limit on its output, for all the choices it asks for; undefined where it sets none. Embeddings: 0. */
  readonly maxOutput: number | undefined;
}

export interface EstimateOptions {
  /** Whose charge is estimated; default: what a call really uses. */
  readonly cost?: CostRule | undefined;
  /** Counts exactly; default: estimates from characters. Not asked where the provider itself charges by characters. */
  readonly tokenizer?: Tokenizer | undefined;
}

const OUTPUT_LIMITS: Readonly<Record<WireFormatName, readonly string[]>> = {
  'openai-chat': ['max_completion_tokens', 'max_tokens'],
  'openai-responses': ['max_output_tokens'],
  'openai-embeddings': [],
  'anthropic-messages': ['max_tokens'],
};

/** Where the input stands in a body. */
const INPUT_FIELDS: Readonly<Record<WireFormatName, readonly string[]>> = {
  'openai-chat': ['messages'],
  'openai-responses': ['instructions', 'input'],
  'openai-embeddings': ['input'],
  'anthropic-messages': ['system', 'messages'],
};

/** Schemas that become part of the input. */
const SCHEMA_FIELDS = ['tools', 'functions', 'response_format', 'text', 'output_config'];

/** Per message: three that frame it and one for its role; the answer's start costs three. Counted with OpenAI's encoders. */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_REPLY = 3;
/** The system prompt that Anthropic adds where tools are offered. Source: Anthropic's tool use overview, Claude 4 models. */
const ANTHROPIC_TOOLS_PROMPT = 346;

/** Tokens of one picture: OpenAI's 1024 × 1024 at high detail, and Anthropic's largest (its vision guide). */
const OPENAI_PRICES: TokenPrices = { image: 765, smallImage: 85 };
const ANTHROPIC_PRICES: TokenPrices = { image: 1_600, smallImage: 1_600 };

/**
 * Estimates what a call in a provider's own wire format costs. Never throws on odd bodies: what isn't understood
 * counts nothing, and the provider will say what is wrong with it. Linear in the body's size.
 */
export function estimateCall(format: WireFormatName, body: JsonObject, options: EstimateOptions = {}): CallEstimate {
  const byCharacters = options.cost !== undefined && !chargesRealUsage(options.cost);
  const { tokenizer } = options;
  const exact = tokenizer === undefined ? estimateText : (text: string) => countTokens(text, tokenizer);
  const measure = byCharacters ? estimateCharacters : exact;
  const prices = format === 'anthropic-messages' ? ANTHROPIC_PRICES : OPENAI_PRICES;
  let input = 0;
  for (const field of INPUT_FIELDS[format]) input += tally(body[field], measure, prices);
  for (const field of SCHEMA_FIELDS) input += schemaTokens(body[field], measure);
  if (!byCharacters) input += framing(format, body);
  return { input: Math.max(1, Math.ceil(input)), maxOutput: outputLimit(format, body) };
}

function schemaTokens(schema: unknown, measure: (text: string) => number): number {
  const isEmpty = typeof schema !== 'object' || schema === null || (Array.isArray(schema) && schema.length === 0);
  return isEmpty ? 0 : measure(jsonOf(schema));
}

function framing(format: WireFormatName, body: JsonObject): number {
  if (format === 'openai-embeddings') return 0;
  const { messages, input, instructions, system, tools } = body;
  const turns = format === 'openai-responses' ? input : messages;
  const count = (Array.isArray(turns) ? turns.length : 1) + (instructions === undefined ? 0 : 1) + (system === undefined ? 0 : 1);
  const hasTools = Array.isArray(tools) && tools.length > 0;
  return TOKENS_PER_REPLY + count * TOKENS_PER_MESSAGE + (format === 'anthropic-messages' && hasTools ? ANTHROPIC_TOOLS_PROMPT : 0);
}

function outputLimit(format: WireFormatName, body: JsonObject): number | undefined {
  if (format === 'openai-embeddings') return 0;
  for (const name of OUTPUT_LIMITS[format]) {
    const value = body[name];
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) continue;
    const choices = format === 'openai-chat' ? body['n'] : 1;
    return Math.ceil(value) * (typeof choices === 'number' && Number.isInteger(choices) && choices > 1 ? choices : 1);
  }
  return undefined;
}
