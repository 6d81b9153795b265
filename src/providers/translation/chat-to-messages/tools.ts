import type { JsonObject } from '../../../domain/chat.ts';
import { listAt, objectAt, textAt, withoutAbsent } from '../../codecs/json-fields.ts';
import { isAbsent, refuseOthers, requiredObject, requiredText } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';
import { type AnswerForm, offeredTools } from './answer-form.ts';

/** `tools` and `tool_choice`; undefined fields are absent. */
export function anthropicTools(body: JsonObject, { tool: answerTool }: AnswerForm): JsonObject {
  const tools = offeredTools(body);
  const choice = choiceOf(body);
  if (tools.length === 0 && (choice?.['type'] === 'any' || choice?.['type'] === 'tool'))
    throw new Untranslatable('tool_choice', "It chooses a tool and there are none: offer 'tools', or leave it out.");
  // Two answers would be none: together they are no JSON.
  if (answerTool !== undefined)
    return { tools: [answerTool], tool_choice: { type: 'tool', name: answerTool['name'], disable_parallel_tool_use: true } };
  return tools.length === 0
    ? calledBefore(body)
    : { tools: tools.map((tool, place) => toolOf(tool, `tools[${place}]`)), tool_choice: choice };
}

/**
 * A chat completion may stop offering what its conversation has called; Anthropic refuses calls and results whose tools nobody
 * describes. So they are named, and none may be called.
 */
function calledBefore(body: JsonObject): JsonObject {
  const calls = listAt(body, 'messages').flatMap((message) => listAt(message, 'tool_calls'));
  const names = new Set(calls.flatMap((call) => textAt(objectAt(call, 'function'), 'name') ?? []));
  if (names.size === 0) return {};
  return { tools: [...names].map((name) => ({ name, input_schema: { type: 'object' } })), tool_choice: { type: 'none' } };
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
  refuseOthers(named, ['type', 'function'], 'tool_choice');
  const chosen = requiredObject(named['function'], 'tool_choice.function');
  refuseOthers(chosen, ['name'], 'tool_choice.function');
  return { type: 'tool', name: requiredText(chosen, 'name', 'tool_choice.function'), ...alone };
}
