import type { ChatTool, JsonObject, ToolChoice } from '../../../domain/chat.ts';
import { isJsonObject, textAt } from '../../codecs/json-fields.ts';
import { fitsStrictMode } from '../../codecs/openai-chat-request.ts';
import { isAbsent, refuseOthers, requiredList, requiredObject, requiredText } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';

/** What a tool may say. Left out: when its input is streamed or cached, and who may call it beside the model. */
const TOOL_FIELDS = [
  'type',
  'name',
  'description',
  'input_schema',
  'strict',
  'input_examples',
  'defer_loading',
  'allowed_callers',
  'cache_control',
  'eager_input_streaming',
];

/** Anthropic's tools as functions. */
export function toolsOf(value: unknown): readonly ChatTool[] | undefined {
  const tools = isAbsent(value) ? [] : requiredList(value, 'tools');
  return tools.length === 0 ? undefined : tools.map((tool, index) => toolOf(requiredObject(tool, `tools[${index}]`), `tools[${index}]`));
}

function toolOf(tool: JsonObject, path: string): ChatTool {
  const type = tool['type'] ?? 'custom';
  if (type !== 'custom') {
    const why = `'${String(type)}' is a tool of Anthropic's own, which chat completions don't have.`;
    throw new Untranslatable(path, `${why} Offer a tool of your own with an input_schema.`);
  }
  const name = requiredText(tool, 'name', path);
  const parameters = requiredObject(tool['input_schema'], `${path}.input_schema`);
  refuseOptions(tool, path);
  return { name, description: textAt(tool, 'description'), parameters, strict: strictnessOf(tool, parameters, path) };
}

function refuseOptions(tool: JsonObject, path: string): void {
  refuseOthers(tool, TOOL_FIELDS, path);
  const callers = tool['allowed_callers'];
  if (Array.isArray(callers) && !callers.includes('direct'))
    throw new Untranslatable(`${path}.allowed_callers`, "Chat completions run no code that could call it. Allow 'direct' too.");
  const examples = tool['input_examples'];
  if (Array.isArray(examples) && examples.length > 0)
    throw new Untranslatable(`${path}.input_examples`, 'Chat completions take no examples. Put them into the description.');
  if (tool['defer_loading'] === true)
    throw new Untranslatable(`${path}.defer_loading`, 'Chat completions see all tools from the start. Offer it without defer_loading.');
}

function strictnessOf(tool: JsonObject, parameters: JsonObject, path: string): true | undefined {
  if (tool['strict'] !== true) return undefined;
  if (fitsStrictMode(parameters)) return true;
  const rule = 'Strict functions need schemas whose objects are closed and require every property.';
  throw new Untranslatable(`${path}.strict`, `${rule} Make the schema so, or leave strict out.`);
}

/** Without tools there is nothing to choose, and OpenAI refuses to be told. */
export function toolChoiceOf(value: unknown, tools: readonly ChatTool[] | undefined): ToolChoice | undefined {
  if (isAbsent(value)) return undefined;
  if (isJsonObject(value)) refuseOthers(value, ['type', 'name', 'disable_parallel_tool_use'], 'tool_choice');
  const type = isJsonObject(value) ? value['type'] : undefined;
  const name = isJsonObject(value) ? textAt(value, 'name') : undefined;
  if (type === 'auto' || type === 'none') return tools && type;
  if (type === 'any') return 'required';
  if (type === 'tool' && name !== undefined) return { name };
  throw new Untranslatable('tool_choice', "Its type must be 'auto', 'any', 'none', or 'tool' with a name.");
}

/** `false` where at most one tool may be called at once; both APIs allow several unless told. */
export function parallelCallsOf(choice: unknown, tools: readonly ChatTool[] | undefined): false | undefined {
  return tools !== undefined && isJsonObject(choice) && choice['disable_parallel_tool_use'] === true ? false : undefined;
}
