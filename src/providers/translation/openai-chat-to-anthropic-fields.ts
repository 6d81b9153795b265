import type { JsonObject } from '../../domain/chat.ts';
import { isAbsent, refuseOthers } from './known-fields.ts';
import { Untranslatable } from './translation.ts';

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
const LEFT_OUT = ['metadata', 'store', 'prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention'];

interface Refusal {
  readonly field: string;
  /** Values that ask for nothing, as JSON. */
  readonly harmless: readonly string[];
  readonly message: string;
}

/** They change the answer, and there is no word for them. */
const REFUSED: readonly Refusal[] = [
  { field: 'n', harmless: ['1'], message: "Anthropic gives one answer for a call: leave 'n' out and call several times." },
  { field: 'logprobs', harmless: ['false'], message: 'Anthropic gives no log probabilities: leave them out.' },
  { field: 'top_logprobs', harmless: ['0'], message: 'Anthropic gives no log probabilities: leave them out.' },
  { field: 'logit_bias', harmless: ['{}'], message: 'Anthropic has no biases for tokens: leave them out.' },
  { field: 'presence_penalty', harmless: ['0'], message: 'Anthropic has no penalties: leave them out or set them to 0.' },
  { field: 'frequency_penalty', harmless: ['0'], message: 'Anthropic has no penalties: leave them out or set them to 0.' },
  { field: 'seed', harmless: [], message: 'Anthropic has no seeds: leave it out.' },
  { field: 'verbosity', harmless: ['"medium"'], message: 'Anthropic has no verbosity: ask for it in the prompt.' },
  { field: 'modalities', harmless: ['["text"]', '[]'], message: 'Anthropic answers in text: ask for text only.' },
  { field: 'audio', harmless: [], message: 'Anthropic answers in text: leave it out.' },
  { field: 'prediction', harmless: [], message: 'Anthropic takes no predicted output: leave it out.' },
  { field: 'web_search_options', harmless: [], message: "Anthropic's web search is another tool: leave this out." },
  { field: 'moderation', harmless: [], message: 'Anthropic reports no moderation: leave it out.' },
  { field: 'functions', harmless: ['[]'], message: "Functions are translated only as 'tools': use those." },
  { field: 'function_call', harmless: ['"auto"', '"none"'], message: "Functions are translated only as 'tools': use 'tool_choice'." },
];

const KNOWN = [...TRANSLATED, ...LEFT_OUT, ...REFUSED.map(({ field }) => field)];

/** Throws {@link Untranslatable} where a chat completion asks for what Anthropic has no word for, or for what nobody knows. */
export function checkFields(body: JsonObject): void {
  refuseOthers(body, KNOWN, '');
  for (const { field, harmless, message } of REFUSED) {
    const value = body[field];
    if (!isAbsent(value) && !harmless.includes(JSON.stringify(value))) throw new Untranslatable(field, message);
  }
}
