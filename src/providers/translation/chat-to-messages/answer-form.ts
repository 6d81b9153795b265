import type { JsonObject } from '../../../domain/chat.ts';
import { isJsonObject, objectAt, textAt, withoutAbsent } from '../../codecs/json-fields.ts';
import { isAbsent, refuseOthers, requiredList, requiredObject } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';

/** What an answer has to look like; neither: like a text. */
export interface AnswerForm {
  /** Guaranteed to fit: Anthropic's `output_config.format`. */
  readonly format?: JsonObject | undefined;
  /** Asked for as the input of a tool that has to be called, as there is no weaker word for it. */
  readonly tool?: JsonObject | undefined;
}

const JSON_TOOL = {
  name: 'json_answer',
  description: 'Takes the whole answer, as one JSON object of the form that the conversation asks for.',
  input_schema: { type: 'object' },
};

/**
 * A strict schema is one for Anthropic too. Its guarantee takes only closed schemas, so that a schema that isn't strict, and an
 * object of any form, become the input of a tool.
 */
export function answerForm(body: JsonObject): AnswerForm {
  const { response_format: given } = body;
  if (isAbsent(given)) return {};
  const format = requiredObject(given, 'response_format');
  refuseOthers(format, ['type', 'json_schema'], 'response_format');
  switch (format['type']) {
    case 'text':
      return {};
    case 'json_object':
      return { tool: withoutOtherTools(body, JSON_TOOL) };
    case 'json_schema':
      return schemaForm(body, requiredObject(format['json_schema'], 'response_format.json_schema'));
    default:
      throw new Untranslatable('response_format.type', 'Answers are translated as text, json_object or json_schema.');
  }
}

function schemaForm(body: JsonObject, given: JsonObject): AnswerForm {
  refuseOthers(given, ['name', 'description', 'schema', 'strict'], 'response_format.json_schema');
  const schema = objectAt(given, 'schema') ?? {};
  const description = textAt(given, 'description');
  if (given['strict'] === true && isJsonObject(given['schema']))
    return { format: { type: 'json_schema', schema: withoutAbsent({ description, ...schema }) } };
  const { type = 'object' } = schema;
  if (type !== 'object')
    throw new Untranslatable('response_format.json_schema.schema', 'Without strict: true only objects are translated.');
  const tool = { name: textAt(given, 'name') ?? JSON_TOOL.name, description: description ?? JSON_TOOL.description };
  return { tool: withoutOtherTools(body, { ...tool, input_schema: { ...schema, type } }) };
}

/** A model that has to call this one could call no other. */
function withoutOtherTools(body: JsonObject, tool: JsonObject): JsonObject {
  if (offeredTools(body).length === 0 || body['tool_choice'] === 'none') return tool;
  throw new Untranslatable('response_format', 'Beside tools only a json_schema with strict: true is translated.');
}

/** The tools that a chat completion offers. */
export function offeredTools({ tools }: JsonObject): readonly unknown[] {
  return isAbsent(tools) ? [] : requiredList(tools, 'tools');
}
