import type { JsonObject } from '../../../domain/chat.ts';
import { isAbsent, refuseOthers } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';

/** Said in other words on the other side. */
const TRANSLATED = [
  'model',
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
  'service_tier',
  'user',
  'safety_identifier',
  // Anthropic's own words, which its OpenAI-compatible API and many gateways take in a chat completion.
  'top_k',
  'thinking',
];

/** They change nothing about the answer: what is kept, counted or cached of it over there. */
export const LEFT_OUT = ['metadata', 'store', 'prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention'];

interface Refusal {
  readonly field: string;
  /** Whether a value asks for nothing; default: none does. */
  readonly harmless?: (value: unknown) => boolean;
  readonly message: string;
}

const is =
  (...values: readonly unknown[]) =>
  (value: unknown) =>
    values.includes(value);
const isEmpty = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
const isText = (value: unknown) => Array.isArray(value) && value.every(is('text'));

/** They change the answer, and there is no word for them. */
export const REFUSED: readonly Refusal[] = [
  { field: 'n', harmless: is(1), message: "Anthropic gives one answer for a call: leave 'n' out and call several times." },
  { field: 'logprobs', harmless: is(false), message: 'Anthropic gives no log probabilities: leave them out.' },
  { field: 'top_logprobs', harmless: is(0), message: 'Anthropic gives no log probabilities: leave them out.' },
  { field: 'logit_bias', harmless: isEmpty, message: 'Anthropic has no biases for tokens: leave them out.' },
  { field: 'presence_penalty', harmless: is(0), message: 'Anthropic has no penalties: leave them out or set them to 0.' },
  { field: 'frequency_penalty', harmless: is(0), message: 'Anthropic has no penalties: leave them out or set them to 0.' },
  { field: 'seed', message: 'Anthropic has no seeds: leave it out.' },
  { field: 'verbosity', harmless: is('medium'), message: 'Anthropic has no verbosity: ask for it in the prompt.' },
  { field: 'modalities', harmless: isText, message: 'Anthropic answers in text: ask for text only.' },
  { field: 'audio', message: 'Anthropic answers in text: leave it out.' },
  { field: 'prediction', message: 'Anthropic takes no predicted output: leave it out.' },
  { field: 'web_search_options', message: "Anthropic's web search is another tool: leave this out." },
  { field: 'moderation', message: 'Anthropic reports no moderation: leave it out.' },
  { field: 'functions', harmless: isEmpty, message: "Functions are translated only as 'tools': use those." },
  { field: 'function_call', harmless: is('auto', 'none'), message: "Functions are translated only as 'tools': use 'tool_choice'." },
];

const KNOWN = [...TRANSLATED, ...LEFT_OUT, ...REFUSED.map(({ field }) => field)];

/** Throws {@link Untranslatable} where a chat completion asks for what Anthropic has no word for, or for what nobody knows. */
export function checkFields(body: JsonObject): void {
  refuseOthers(body, KNOWN, '');
  for (const { field, harmless, message } of REFUSED) {
    const value = body[field];
    if (!isAbsent(value) && !harmless?.(value)) throw new Untranslatable(field, message);
  }
}
