import type { JsonObject } from '../../../domain/chat.ts';
import { isJsonObject } from '../../codecs/json-fields.ts';
import { isAbsent } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';

type Fate =
  /** Said in the other format. */
  | { readonly fate: 'said' }
  /** It changes nothing about the answer. */
  | { readonly fate: 'left-out'; readonly because: string }
  /** Nothing says the same, unless the value asks for what a chat completion does anyway. */
  | { readonly fate: 'refused'; readonly unless: (value: unknown) => boolean; readonly because: string; readonly code?: string };

const SAID: Fate = { fate: 'said' };
const never = (): boolean => false;

/** What becomes of each field of `POST /v1/messages` in a chat completion; one that isn't named here is refused. */
export const MESSAGES_FIELDS: Readonly<Record<string, Fate>> = {
  model: SAID,
  messages: SAID,
  system: SAID,
  max_tokens: SAID,
  temperature: SAID,
  top_p: SAID,
  stop_sequences: SAID,
  stream: SAID,
  tools: SAID,
  tool_choice: SAID,
  /** Its `user_id` is `user`. */
  metadata: SAID,
  /** Its `format` is `response_format`, its `effort` is `reasoning_effort`, word for word. */
  output_config: SAID,
  cache_control: { fate: 'left-out', because: 'the other provider decides itself what it caches' },
  diagnostics: { fate: 'left-out', because: "it only asks about Anthropic's own cache" },
  service_tier: { fate: 'left-out', because: "both words choose among Anthropic's own capacities" },
  thinking: {
    fate: 'refused',
    unless: leavesThinkingToTheModel,
    because: "Chat completions know no budget for thinking and don't show thoughts. Say how hard to think with 'output_config.effort'.",
  },
  top_k: { fate: 'refused', unless: never, because: "Chat completions choose by 'temperature' and 'top_p' alone. Leave it out." },
  speed: { fate: 'refused', unless: (value) => value === 'standard', because: 'Chat completions have no fast mode. Leave it out.' },
  thread: {
    fate: 'refused',
    unless: never,
    because: 'Chat completions keep no conversations. Send the whole one with every call.',
    // Anthropic's tool runner sends the same call without a thread then.
    code: 'thread_unsupported_request',
  },
  container: { fate: 'refused', unless: never, because: 'Chat completions run no containers. Leave it out.' },
  inference_geo: { fate: 'refused', unless: never, because: "Chat completions can't be bound to a region by the call. Leave it out." },
};

/** A field that is null is as good as absent. */
export function refuseWhatCannotBeSaid(body: JsonObject): void {
  for (const [field, value] of Object.entries(body)) {
    if (isAbsent(value)) continue;
    const fate = Object.hasOwn(MESSAGES_FIELDS, field) ? MESSAGES_FIELDS[field] : undefined;
    if (fate === undefined) throw new Untranslatable(field, 'No translation into a chat completion is known for it. Leave it out.');
    if (fate.fate === 'refused' && !fate.unless(value)) throw new Untranslatable(field, fate.because, fate.code);
  }
}

/** `disabled` asks for an answer without thoughts in it, `adaptive` leaves it to the model: every chat completion does both. */
function leavesThinkingToTheModel(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  return value['type'] === 'disabled' || (value['type'] === 'adaptive' && value['display'] !== 'summarized');
}
