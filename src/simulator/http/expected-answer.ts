import type { SimulatedScript } from '../request-script.ts';
import { isObject, type JsonObject } from './json-object.ts';
import { sampleOf } from './schema-sample.ts';

/** The first tool offered, in OpenAI's shapes or Anthropic's: its name and what its arguments must look like. */
function firstTool(tools: unknown): { readonly name: string; readonly schema: unknown } | undefined {
  const first: unknown = Array.isArray(tools) ? tools[0] : undefined;
  if (!isObject(first)) return undefined;
  const described = isObject(first['function']) ? first['function'] : first;
  const { name, parameters, input_schema: inputSchema } = described;
  return typeof name === 'string' ? { name, schema: parameters ?? inputSchema } : undefined;
}

/** Name of the first tool offered. */
export function firstToolName(tools: unknown): string {
  return firstTool(tools)?.name ?? 'lookup';
}

/** Whether the request insists on a tool: `required`, `any`, or one by name. */
function insistsOnTool(choice: unknown): boolean {
  if (typeof choice === 'string') return choice === 'required' || choice === 'any';
  return isObject(choice) && (choice['type'] === 'tool' || choice['type'] === 'any' || choice['type'] === 'function');
}

/** The schema that an answer must fit: `response_format`, `text.format`, `output_config.format` or `output_format`. */
function answerSchema(body: JsonObject): unknown {
  const { response_format: chat, text, output_config: config, output_format: message } = body;
  const format = chat ?? (isObject(text) ? text['format'] : undefined) ?? (isObject(config) ? config['format'] : undefined) ?? message;
  if (!isObject(format)) return undefined;
  const { json_schema: wrapped, schema } = format;
  return isObject(wrapped) ? wrapped['schema'] : schema;
}

/**
 * A script completed by what the request asks for: a tool call where it insists on one, arguments that fit the tool's schema, an
 * answer that fits the schema of its format. What the script says goes first.
 */
export function expectedAnswer(body: JsonObject, script: SimulatedScript): SimulatedScript {
  const { tools, tool_choice: choice } = body;
  const kind = script.kind ?? (insistsOnTool(choice) && Array.isArray(tools) && tools.length > 0 ? 'tool_call' : 'answer');
  if (script.text !== undefined || script.outputTokens !== undefined) return { ...script, kind };
  const schema = kind === 'tool_call' ? firstTool(tools)?.schema : kind === 'answer' ? answerSchema(body) : undefined;
  const text = schema === undefined ? undefined : sampleOf(schema);
  return text === undefined ? { ...script, kind } : { ...script, kind, text };
}
