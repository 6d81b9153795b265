import type { JsonObject } from '../../../domain/chat.ts';
import { isJsonObject, textAt } from '../../codecs/json-fields.ts';
import { Untranslatable } from '../translation.ts';
import { withoutNulls } from './fields.ts';

/** What of a function goes over. `strict` as it is said: by default Responses make a schema strict where they can, which nobody else offers. */
const FUNCTION_FIELDS = ['name', 'description', 'parameters', 'strict'];
const HARMLESS = new Map<string, unknown>([
  ['defer_loading', false],
  ['async', false],
]);

/** `tools`, `tool_choice` and `parallel_tool_calls`; without tools chat completions take none of the three. */
export function toolFields(said: JsonObject): JsonObject {
  const { tools = [], tool_choice: choice = 'auto', parallel_tool_calls: parallel } = said;
  if (!Array.isArray(tools)) throw new Untranslatable('tools', 'They must be a list.');
  const offered = tools.map((tool, at) => functionOf(tool, `tools[${at}]`));
  if (offered.length === 0) {
    if (choice === 'auto' || choice === 'none') return {};
    throw new Untranslatable('tool_choice', 'It chooses a tool and there are none. Leave it out, or offer `tools`.');
  }
  const chosen = choiceOf(choice, offered);
  return {
    tools: chosen.tools.map((described) => ({ type: 'function', function: described })),
    ...chosen.choice,
    parallel_tool_calls: parallel,
  };
}

function functionOf(tool: unknown, path: string): JsonObject {
  const { type, ...fields } = isJsonObject(tool) ? withoutNulls(tool) : {};
  if (type !== 'function') {
    throw new Untranslatable(`${path}.type`, `Only functions can be offered, not '${String(type)}'. Offer a function that does the same.`);
  }
  for (const [field, value] of Object.entries(fields)) {
    if (FUNCTION_FIELDS.includes(field) || (HARMLESS.has(field) && HARMLESS.get(field) === value)) continue;
    throw new Untranslatable(`${path}.${field}`, 'Chat completions have no word for this field of a function. Leave it out.');
  }
  return fields;
}

interface Chosen {
  readonly tools: readonly JsonObject[];
  readonly choice: JsonObject;
}

function choiceOf(choice: unknown, tools: readonly JsonObject[]): Chosen {
  if (choice === 'auto') return { tools, choice: {} };
  if (choice === 'none' || choice === 'required') return { tools, choice: { tool_choice: choice } };
  const type = isJsonObject(choice) ? choice['type'] : undefined;
  if (isJsonObject(choice) && type === 'function') {
    return { tools, choice: { tool_choice: { type, function: { name: textAt(choice, 'name') } } } };
  }
  if (isJsonObject(choice) && type === 'allowed_tools') return allowed(choice, tools);
  throw new Untranslatable('tool_choice', `There is no way to choose '${String(type ?? choice)}'. Use auto, none, required or a function.`);
}

/** Only these are offered: hardly any server knows `allowed_tools`, and a model sees no difference. */
function allowed(choice: JsonObject, tools: readonly JsonObject[]): Chosen {
  const { tools: list, mode } = choice;
  const names = (Array.isArray(list) ? list : []).map((tool, at) => {
    const name = isJsonObject(tool) && tool['type'] === 'function' ? textAt(tool, 'name') : undefined;
    if (name !== undefined && tools.some((offered) => offered['name'] === name)) return name;
    throw new Untranslatable(`tool_choice.tools[${at}]`, 'It is no function among `tools`. Offer it there.');
  });
  if (names.length === 0) throw new Untranslatable('tool_choice.tools', "It allows no tool. Say 'none' instead.");
  const few = tools.filter(({ name }) => names.includes(String(name)));
  return { tools: few, choice: mode === 'required' ? { tool_choice: mode } : {} };
}
