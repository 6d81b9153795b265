import type { ChatMessage, ChatRequest, JsonObject } from '../../../domain/chat.ts';
import { isJsonObject, objectAt, textAt, withoutAbsent } from '../../codecs/json-fields.ts';
import { isAbsent, refuseOthers, requiredList, requiredObject } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';
import { refuseWhatCannotBeSaid } from './fields.ts';
import { conversationOf, systemTextOf } from './messages.ts';
import { parallelCallsOf, toolChoiceOf, toolsOf } from './tools.ts';

/** OpenAI takes so many at most. Source: OpenAI's API reference. */
const MOST_STOPS = 4;
/** OpenAI refuses longer ones; Anthropic takes 256 characters. An id of a user changes nothing about the answer. */
const LONGEST_USER = 64;
const EFFORTS: ReadonlySet<unknown> = new Set(['low', 'medium', 'high', 'xhigh', 'max']);

/** The request that a body of `POST /v1/messages` makes. Throws `Untranslatable` for what a chat completion has no word for. */
export function chatRequestOf(body: JsonObject): ChatRequest {
  refuseWhatCannotBeSaid(body);
  const tools = toolsOf(body['tools']);
  const isStream = body['stream'] === true;
  const metadata = objectAt(body, 'metadata') ?? {};
  refuseOthers(metadata, ['user_id'], 'metadata');
  const user = textAt(metadata, 'user_id');
  return {
    model: textAt(body, 'model'),
    messages: [...systemOf(body), ...conversationOf(body['messages'])],
    maxTokens: maxTokensOf(body),
    temperature: numberAt(body, 'temperature'),
    topP: numberAt(body, 'top_p'),
    stop: stopsOf(body['stop_sequences']),
    tools,
    toolChoice: toolChoiceOf(body['tool_choice'], tools),
    stream: isStream,
    ...outputOf(body),
    extra: withoutAbsent({
      reasoning_effort: effortOf(body),
      parallel_tool_calls: parallelCallsOf(body['tool_choice'], tools),
      user: user !== undefined && user.length <= LONGEST_USER ? user : undefined,
      // Anthropic's streams always tell their usage.
      stream_options: isStream ? { include_usage: true } : undefined,
    }),
  };
}

function systemOf(body: JsonObject): readonly ChatMessage[] {
  const text = systemTextOf(body['system'] ?? '', 'system');
  return text === '' ? [] : [{ role: 'system', content: text }];
}

function maxTokensOf(body: JsonObject): number | undefined {
  const value = numberAt(body, 'max_tokens');
  if (value === 0)
    throw new Untranslatable('max_tokens', 'Chat completions have no call that only fills the cache. Ask for 1 token or more.');
  return value;
}

function numberAt(body: JsonObject, field: string): number | undefined {
  const value = body[field];
  if (isAbsent(value) || typeof value === 'number') return value ?? undefined;
  throw new Untranslatable(field, 'It must be a number.');
}

function stopsOf(value: unknown): readonly string[] | undefined {
  if (isAbsent(value)) return undefined;
  const stops = requiredList(value, 'stop_sequences');
  const texts = stops.filter((stop) => typeof stop === 'string');
  if (texts.length !== stops.length) throw new Untranslatable('stop_sequences', 'It must be a list of texts.');
  if (texts.length > MOST_STOPS)
    throw new Untranslatable('stop_sequences', `Chat completions take ${MOST_STOPS} stop sequences at most, not ${texts.length}.`);
  return texts.length === 0 ? undefined : texts;
}

function outputOf(body: JsonObject): Pick<ChatRequest, 'answerSchema'> {
  const config = requiredObject(body['output_config'] ?? {}, 'output_config');
  refuseOthers(config, ['format', 'effort'], 'output_config');
  const format = config['format'] ?? undefined;
  if (format === undefined) return {};
  const schema = isJsonObject(format) && format['type'] === 'json_schema' ? objectAt(format, 'schema') : undefined;
  if (isJsonObject(format)) refuseOthers(format, ['type', 'schema'], 'output_config.format');
  if (schema === undefined) throw new Untranslatable('output_config.format', "It must be of type 'json_schema' and have a schema.");
  // Chat completions want a name for the schema; Anthropic's have none.
  return { answerSchema: { name: 'answer', schema } };
}

/** The two APIs have the same words for it. */
function effortOf(body: JsonObject): unknown {
  const effort = objectAt(body, 'output_config')?.['effort'] ?? undefined;
  if (effort === undefined || EFFORTS.has(effort)) return effort;
  throw new Untranslatable('output_config.effort', `It must be one of ${[...EFFORTS].join(', ')}.`);
}
