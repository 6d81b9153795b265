import type { JsonObject } from '../../../domain/chat.ts';
import { isAbsent, requiredObject } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';

/** What becomes of a top-level field. */
type FieldRule =
  | 'translated'
  /** It changes nothing about the answer: why. */
  | { readonly leftOut: string }
  /** It says nothing with one of these values; every other one has no counterpart. */
  | { readonly means: string; readonly only: readonly unknown[]; readonly wayOut: string };

/** What becomes of each field of `POST /v1/responses`; one that isn't named here is refused. */
export const RESPONSES_FIELDS: Readonly<Record<string, FieldRule>> = {
  model: { leftOut: 'whoever sends the call puts the model in' },
  input: 'translated',
  instructions: 'translated',
  stream: 'translated',
  max_output_tokens: 'translated',
  temperature: 'translated',
  top_p: 'translated',
  tools: 'translated',
  tool_choice: 'translated',
  parallel_tool_calls: 'translated',
  text: 'translated',
  reasoning: 'translated',
  user: 'translated',
  safety_identifier: 'translated',
  service_tier: 'translated',
  include: 'translated',
  store: { leftOut: 'nothing is kept over there; the answer says `store: false`' },
  metadata: { leftOut: 'the answer gives it back' },
  stream_options: { leftOut: 'it only pads events' },
  max_tool_calls: { leftOut: 'it counts calls of built-in tools, and there are none' },
  prompt_cache_key: { leftOut: 'it only helps a cache' },
  prompt_cache_options: { leftOut: 'it only helps a cache' },
  prompt_cache_retention: { leftOut: 'it only helps a cache' },
  previous_response_id: {
    means: 'names an answer that a provider keeps',
    only: [],
    wayOut: 'Send the whole conversation in `input`.',
  },
  conversation: { means: 'names a conversation that a provider keeps', only: [], wayOut: 'Send the whole conversation in `input`.' },
  prompt: { means: 'names a prompt that a provider keeps', only: [], wayOut: 'Send its text in `instructions` or `input`.' },
  background: { means: 'asks for an answer to be fetched later', only: [false], wayOut: 'Leave it out and wait for the answer.' },
  truncation: { means: 'lets the provider drop items', only: ['disabled'], wayOut: 'Leave it out and shorten `input`.' },
  top_logprobs: { means: 'asks for log probabilities', only: [0], wayOut: 'Leave it out.' },
};

/** Fields that mean what they do because of another value than this are refused below. */
const REASONING: Readonly<Record<string, readonly unknown[]>> = {
  // `auto` is as much of a summary as there is: none.
  summary: ['auto'],
  generate_summary: ['auto'],
  context: ['auto'],
  mode: ['standard'],
};

/** What `include` may ask for without effect: there is nothing of the kind in an answer, or only in one that was kept. */
const INCLUDABLE = new Set<unknown>([
  'reasoning.encrypted_content',
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'code_interpreter_call.outputs',
  'computer_call_output.output.image_url',
  'message.input_image.image_url',
]);

/** The call without the fields that are null; throws for what has no counterpart. */
export function sayable(body: JsonObject): JsonObject {
  const said = withoutNulls(body);
  for (const [field, value] of Object.entries(said)) {
    const rule = Object.hasOwn(RESPONSES_FIELDS, field) ? RESPONSES_FIELDS[field] : undefined;
    if (rule === undefined) throw new Untranslatable(field, 'Chat completions have no word for this field. Leave it out.');
    if (typeof rule === 'object' && 'only' in rule && !rule.only.includes(value)) {
      throw new Untranslatable(field, `It ${rule.means}, which chat completions can't. ${rule.wayOut}`);
    }
  }
  checkInclude(said['include']);
  return said;
}

function checkInclude(include: unknown): void {
  if (!Array.isArray(include)) return;
  for (const [at, asked] of include.entries()) {
    if (INCLUDABLE.has(asked)) continue;
    throw new Untranslatable(`include[${at}]`, `A chat completion can't include '${String(asked)}'. Leave it out.`);
  }
}

/** The effort: chat completions have the same words for it. */
export function effortOf(said: JsonObject): unknown {
  const { effort, ...others } = objectIn(said, 'reasoning');
  for (const [field, value] of Object.entries(others)) {
    if (Object.hasOwn(REASONING, field) && REASONING[field]?.includes(value)) continue;
    throw new Untranslatable(`reasoning.${field}`, 'Chat completions only know `reasoning.effort`. Leave it out.');
  }
  return effort;
}

/** Empty where it isn't said. */
export function objectIn(said: JsonObject, field: string): JsonObject {
  return withoutNulls(requiredObject(said[field] ?? {}, field));
}

export function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isAbsent(value)));
}
