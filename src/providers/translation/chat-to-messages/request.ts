import type { JsonObject } from '../../../domain/chat.ts';
import { countAt, isJsonObject, objectAt, withoutAbsent } from '../../codecs/json-fields.ts';
import { isAbsent, requiredList } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';
import type { AnswerForm } from './answer-form.ts';
import { anthropicConversation } from './messages.ts';
import { anthropicTools } from './tools.ts';

/**
 * Anthropic requires a limit, a chat completion has none unless it says so. This one holds for every model and most answers;
 * one that is cut says so in its finish reason. Anthropic counts what is made, not the limit, so that it costs nothing.
 */
const DEFAULT_MAX_TOKENS = 4096;

/** Both are relative words for how much to think; Anthropic has none below low. Whether a model thinks at all stays its own default. */
const EFFORTS: ReadonlyMap<unknown, string> = new Map([
  ['minimal', 'low'],
  ...['low', 'medium', 'high', 'xhigh', 'max'].map((effort) => [effort, effort] as const),
]);

/** The body of `POST /v1/messages` for a chat completion whose fields were checked. */
export function anthropicRequest(body: JsonObject, form: AnswerForm): JsonObject {
  const said = withoutAbsent(Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)));
  const user = said['safety_identifier'] ?? said['user'];
  return withoutAbsent({
    model: said['model'],
    max_tokens: said['max_completion_tokens'] ?? said['max_tokens'] ?? DEFAULT_MAX_TOKENS + thinkingBudget(said),
    ...anthropicConversation(said['messages']),
    temperature: temperature(said['temperature']),
    top_p: said['top_p'],
    top_k: said['top_k'],
    stop_sequences: stopSequences(said['stop']),
    ...anthropicTools(said, form),
    thinking: thinking(said),
    output_config: outputConfig(said['reasoning_effort'], form),
    metadata: user === undefined ? undefined : { user_id: user },
    service_tier: serviceTier(said['service_tier']),
    stream: said['stream'] === true ? true : undefined,
  });
}

/** What is thought counts as output too: the limit has to be above it. */
function thinkingBudget(said: JsonObject): number {
  return countAt(objectAt(said, 'thinking'), 'budget_tokens') ?? 0;
}

function thinking({ reasoning_effort: effort, thinking: given }: JsonObject): unknown {
  if (effort !== 'none') return given;
  if (given === undefined || (isJsonObject(given) && given['type'] === 'disabled')) return { type: 'disabled' };
  throw new Untranslatable('thinking', "It asks for thinking and 'reasoning_effort' for none: leave one of them out.");
}

function temperature(value: unknown): unknown {
  if (typeof value !== 'number' || value <= 1) return value;
  throw new Untranslatable('temperature', "Anthropic's temperatures end at 1: choose one from 0 to 1.");
}

function stopSequences(value: unknown): readonly unknown[] | undefined {
  if (isAbsent(value)) return undefined;
  const stops = typeof value === 'string' ? [value] : requiredList(value, 'stop');
  const blank = stops.findIndex((stop) => typeof stop === 'string' && stop.trim() === '');
  if (blank < 0) return stops.length > 0 ? stops : undefined;
  const path = typeof value === 'string' ? 'stop' : `stop[${blank}]`;
  throw new Untranslatable(path, 'Anthropic takes no stop sequence of nothing but white space: add a character or leave it out.');
}

function outputConfig(effort: unknown, { format }: AnswerForm): JsonObject | undefined {
  const known = EFFORTS.get(effort);
  if (known === undefined && effort !== undefined && effort !== 'none')
    throw new Untranslatable('reasoning_effort', `Efforts are translated as none or ${[...EFFORTS.keys()].join(', ')}.`);
  return known === undefined && format === undefined ? undefined : withoutAbsent({ effort: known, format });
}

/** `auto` is the default on both sides. */
function serviceTier(tier: unknown): string | undefined {
  if (tier === undefined || tier === 'auto') return undefined;
  if (tier === 'default') return 'standard_only';
  throw new Untranslatable('service_tier', 'Anthropic has no tier like this for one call: use auto or default.');
}
