import { invalidRequest } from '../error-bodies.ts';
import { directiveIn, parseScript, type SimulatedScript } from '../request-script.ts';
import type { ApiContext, ApiProblem } from './api-answer.ts';
import { FILLER, type ResponseText, scriptedText } from './filler-text.ts';
import { isObject, type JsonObject } from './json-object.ts';

export function badRequest(message: string, param: string | null = null): ApiProblem {
  return { status: 400, error: invalidRequest(message, param) };
}

/** Characters of a message's content or of an input item: strings, and the texts of its parts. */
export function textLength(content: unknown): number {
  if (typeof content === 'string') return content.length;
  if (Array.isArray(content)) return content.reduce((sum: number, part) => sum + textLength(part), 0);
  if (!isObject(content)) return 0;
  const { text, content: inner, arguments: callArguments, output, refusal, function: called, tool_calls: calls, input } = content;
  const used = isObject(input) ? JSON.stringify(input) : undefined;
  return [text, inner, callArguments, output, refusal, called, calls, used].reduce((sum: number, field) => sum + textLength(field), 0);
}

/** Characters of the tools offered, whose schemas are part of the input. */
export function toolsLength(tools: unknown): number {
  return Array.isArray(tools) && tools.length > 0 ? JSON.stringify(tools).length : 0;
}

function lastText(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return lastText(content.at(-1));
  return isObject(content) ? lastText(content['text'] ?? content['content']) : undefined;
}

/** What the request scripts: `metadata.simulate`, else a `[[simulate: …]]` in its last text, else nothing. */
export function scriptOf(body: JsonObject, content: unknown): SimulatedScript | ApiProblem {
  const metadata = body['metadata'];
  const field = isObject(metadata) ? metadata['simulate'] : undefined;
  const text = typeof field === 'string' ? field : directiveIn(lastText(content) ?? '');
  if (text === undefined) return {};
  const script = parseScript(text);
  return typeof script === 'string' ? badRequest(script, 'metadata.simulate') : script;
}

export function isProblem(value: object): value is ApiProblem {
  return 'error' in value && 'status' in value;
}

/** The first of the named limits on output that the request sets; a problem where it isn't a whole number of at least 1. */
export function maxTokensOf(body: JsonObject, names: readonly string[]): number | undefined | ApiProblem {
  for (const name of names) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value;
    return badRequest(`Invalid '${name}': integer below minimum value. Expected a value >= 1.`, name);
  }
  return undefined;
}

/** What a response will be. */
export interface PlannedOutput {
  readonly tokens: number;
  /** `max_tokens` cuts it. */
  readonly cut: boolean;
  readonly text: ResponseText;
  /** The text was given; else it is filler. */
  readonly scripted: boolean;
}

/** What a response will say, how long it is, and whether `max_tokens` cuts it. */
export function plannedOutput(script: SimulatedScript, maxTokens: number | undefined, context: ApiContext): PlannedOutput {
  const text = script.text === undefined ? undefined : scriptedText(script.text);
  const length = plannedLength(text ? { ...script, outputTokens: text.tokens } : script, maxTokens, context);
  return { ...length, text: text ?? FILLER, scripted: text !== undefined };
}

function plannedLength(script: SimulatedScript, maxTokens: number | undefined, context: ApiContext): { tokens: number; cut: boolean } {
  const most = Math.min(maxTokens ?? context.defaultMaxTokens, context.maxResponseTokens);
  if (script.kind === 'length') return { tokens: Math.min(script.outputTokens ?? most, most), cut: true };
  if (script.outputTokens === undefined) return { tokens: context.drawTokens(most), cut: false };
  const longest = maxTokens === undefined ? context.maxResponseTokens : most;
  return { tokens: Math.min(script.outputTokens, longest), cut: script.outputTokens > longest };
}
