import type { JsonObject } from '../../../domain/chat.ts';
import { countAt, withoutAbsent } from '../../codecs/json-fields.ts';
import { encodeOpenAiChat } from '../../codecs/openai-chat-request.ts';
import { isAbsent, refuseOthers, requiredObject } from '../known-fields.ts';
import { type Translation, Untranslatable } from '../translation.ts';
import { responseOf } from './answer.ts';
import { effortOf, objectIn, sayable, withoutNulls } from './fields.ts';
import { messagesOf } from './input.ts';
import { ResponseStreamTranslator } from './stream.ts';
import { toolFields } from './tools.ts';

/**
 * Calls of OpenAI's Responses API made as chat completions, of any server that speaks those. What a provider would have to
 * keep between calls is refused. Source: OpenAI's API reference.
 */
export const openAiResponsesToChat: Translation = {
  from: 'openai-responses',
  to: 'openai-chat',
  translate(body, wallMs = 0, provider = '') {
    const said = sayable(body);
    // What answers repeat lasts as long as a stream; the prompt needn't.
    const { input: _, ...repeated } = said;
    const asked = { said: repeated, wallMs };
    return {
      body: chatBody(said, provider),
      answer: (json) => responseOf(asked, json),
      stream: () => new ResponseStreamTranslator(asked),
    };
  },
};

function chatBody(said: JsonObject, provider: string): JsonObject {
  const text = objectIn(said, 'text');
  refuseOthers(text, ['format', 'verbosity'], 'text');
  return withoutAbsent({
    // Servers differ in what they call the limit.
    ...encodeOpenAiChat({ messages: [], stream: false, maxTokens: outputLimit(said) }, provider),
    messages: messagesOf(said['instructions'], said['input']),
    temperature: said['temperature'],
    top_p: said['top_p'],
    ...toolFields(said),
    response_format: formatOf(text['format']),
    verbosity: text['verbosity'],
    reasoning_effort: effortOf(said),
    service_tier: said['service_tier'] === 'auto' ? undefined : said['service_tier'],
    user: said['user'] ?? said['safety_identifier'],
    // The last event of a Responses stream has the usage, asked for or not.
    ...(said['stream'] === true && { stream: true, stream_options: { include_usage: true } }),
  });
}

function outputLimit(said: JsonObject): number | undefined {
  const limit = countAt(said, 'max_output_tokens');
  if (limit === undefined && !isAbsent(said['max_output_tokens'])) throw new Untranslatable('max_output_tokens', 'It must be a number.');
  return limit;
}

function formatOf(format: unknown): JsonObject | undefined {
  if (isAbsent(format)) return undefined;
  const { type, ...schema } = withoutNulls(requiredObject(format, 'text.format'));
  if (type === 'text') return undefined;
  if (type === 'json_object') return { type };
  if (type === 'json_schema') return { type, json_schema: schema };
  throw new Untranslatable('text.format', `There is no format '${String(type)}'. Use text, json_schema or json_object.`);
}
