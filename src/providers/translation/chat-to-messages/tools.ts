import type { JsonObject } from '../../../domain/chat.ts';
import { withoutAbsent } from '../../codecs/json-fields.ts';
import { isAbsent, refuseOthers, requiredObject, requiredText } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';
import { type AnswerForm, offeredTools } from './answer-form.ts';

/** `tools` and `tool_choice`; undefined fields are absent. */
export function anthropicTools(body: JsonObject, { tool: answerTool }: AnswerForm): JsonObject {
  if (answerTool !== undefined) return { tools: [answerTool], tool_choice: { type: 'tool', name: answerTool['name'] } };
  const tools = offeredTools(body);
  return tools.length === 0 ? {} : { tools: tools.map((tool, place) => toolOf(tool, `tools[${place}]`)), tool_choice: choiceOf(body) };
}

function toolOf(value: unknown, path: string): JsonObject {
  const tool = requiredObject(value, path);
  if (tool['type'] !== 'function') throw new Untranslatable(`${path}.type`, "Only tools of type 'function' are translated.");
  refuseOthers(tool, ['type', 'function', 'cache_control'], path);
  const described = requiredObject(tool['function'], `${path}.function`);
  refuseOthers(described, ['name', 'description', 'parameters', 'strict'], `${path}.function`);
  const { description, parameters, strict } = described;
  const schema = isAbsent(parameters) ? {} : requiredObject(parameters, `${path}.function.parameters`);
  return withoutAbsent({
    name: requiredText(described, 'name', `${path}.function`),
    description: description ?? undefined,
    // Anthropic wants the type even where there are no parameters.
    input_schema: { type: 'object', ...schema },
    strict: strict === true ? true : undefined,
    cache_control: tool['cache_control'],
  });
}

function choiceOf({ tool_choice: choice, parallel_tool_calls: parallel }: JsonObject): JsonObject | undefined {
  const alone = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (isAbsent(choice)) return parallel === false ? { type: 'auto', ...alone } : undefined;
  if (choice === 'none') return { type: 'none' };
  if (choice === 'auto') return { type: 'auto', ...alone };
  if (choice === 'required') return { type: 'any', ...alone };
  const named = requiredObject(choice, 'tool_choice');
  if (named['type'] !== 'function')
    throw new Untranslatable('tool_choice', 'Choose auto, none, required, or one function; offer fewer tools to narrow the choice.');
  return {
    type: 'tool',
    name: requiredText(requiredObject(named['function'], 'tool_choice.function'), 'name', 'tool_choice.function'),
    ...alone,
  };
}
