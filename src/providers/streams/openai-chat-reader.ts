import type { ServerSentEvent } from '../provider.ts';
import { type ReportedUsage, reportedUsage } from '../wire-usage.ts';
import { charactersIn, isFields, looksLikeObject, parsedObject } from './json-glance.ts';
import type { EventKind, StreamReader } from './stream-reader.ts';

/** Fields of a delta in which a model's text arrives; `reasoning…` are other vendors'. */
const TEXTS = /"(?:content|reasoning_content|reasoning|refusal|arguments)"\s*:\s*"/g;
/**
 * A chunk that may be more than content. Quotes inside a string are escaped, so that what a model says never looks like a field;
 * a string that is nothing but the word does, and then parsing tells.
 */
const NOTABLE = /"(?:error"|usage"\s*:\s*\{)/;

/** OpenAI's chat completions and what speaks like them: chunks without names, an end marked by `[DONE]`. */
export class OpenAiChatReader implements StreamReader {
  usage: ReportedUsage | undefined;
  characters = 0;

  read({ event, data }: ServerSentEvent, isFirst: boolean): EventKind {
    if (data.startsWith('[DONE]')) return 'terminal';
    if (event === 'error') return 'error';
    if (!isFirst && looksLikeObject(data) && !NOTABLE.test(data)) {
      this.#count(data);
      return 'content';
    }
    const chunk = parsedObject(data);
    if (!chunk) return event === undefined ? 'garbage' : 'silent';
    if (isError(chunk)) return 'error';
    const usage = this.#readUsage(chunk);
    this.#count(data);
    return kindOf(chunk, usage);
  }

  /** Groq has it in a field of its own. */
  #readUsage(chunk: Readonly<Record<string, unknown>>): boolean {
    const groq = chunk['x_groq'];
    const usage = reportedUsage(chunk['usage'] ?? (isFields(groq) ? groq['usage'] : undefined), 'openai-chat');
    if (usage) this.usage = usage;
    return usage !== undefined;
  }

  #count(data: string): void {
    this.characters += charactersIn(data, TEXTS);
  }
}

/** OpenRouter marks the choice as well; a name alone, without a field, is content that happens to be called so. */
function isError(chunk: Readonly<Record<string, unknown>>): boolean {
  if (chunk['error'] !== undefined && chunk['error'] !== null) return true;
  return choicesOf(chunk).some((choice) => choice['finish_reason'] === 'error');
}

function kindOf(chunk: Readonly<Record<string, unknown>>, hasUsage: boolean): EventKind {
  const choices = choicesOf(chunk);
  if (choices.length === 0) return hasUsage ? 'usage' : 'silent';
  return choices.some((choice) => isPresent(choice['finish_reason']) || saysSomething(choice['delta'])) ? 'content' : 'silent';
}

function choicesOf(chunk: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] {
  const choices = chunk['choices'];
  return Array.isArray(choices) ? choices.filter(isFields) : [];
}

function saysSomething(delta: unknown): boolean {
  return isFields(delta) && Object.entries(delta).some(([field, value]) => field !== 'role' && isPresent(value));
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}
