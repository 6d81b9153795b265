import type { WireFormatName, WireUsage } from './provider.ts';

type Fields = Readonly<Record<string, unknown>>;

/** OpenAI counts tokens read from its cache, Anthropic doesn't. */
export interface UsageRules {
  readonly format: WireFormatName;
  /** Default: whether the format's own provider counts them. */
  readonly countsCacheReads?: boolean | undefined;
}

/** What a provider reported, before anybody decided what of it counts. */
export interface ReportedUsage {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  /** Of the input: read from a cache. */
  readonly cached?: number | undefined;
}

/**
 * Reads a `usage` object of any format: input with everything that was read or written, cache reads apart. OpenAI's input
 * contains what came from the cache; Anthropic's `input_tokens` contains neither cache reads nor writes, which are added here.
 */
export function reportedUsage(usage: unknown, format: WireFormatName): ReportedUsage | undefined {
  if (!isObject(usage)) return undefined;
  if (format === 'anthropic-messages') return anthropicUsage(usage);
  const input = count(usage['prompt_tokens']) ?? count(usage['input_tokens']);
  const output = count(usage['completion_tokens']) ?? count(usage['output_tokens']);
  if (input === undefined && output === undefined) return undefined;
  const details = usage['prompt_tokens_details'] ?? usage['input_tokens_details'];
  // Embeddings have no output.
  return { input, output: output ?? 0, cached: isObject(details) ? count(details['cached_tokens']) : undefined };
}

function anthropicUsage(usage: Fields): ReportedUsage | undefined {
  const fresh = count(usage['input_tokens']);
  const written = count(usage['cache_creation_input_tokens']);
  const cached = count(usage['cache_read_input_tokens']);
  const output = count(usage['output_tokens']);
  if (fresh === undefined && output === undefined) return undefined;
  return { input: fresh === undefined ? undefined : fresh + (written ?? 0) + (cached ?? 0), output, cached };
}

/** The later report holds, field by field: Anthropic's are cumulative and leave out what didn't change. */
export function laterUsage(before: ReportedUsage | undefined, after: ReportedUsage | undefined): ReportedUsage | undefined {
  if (!before || !after) return after ?? before;
  return { input: after.input ?? before.input, output: after.output ?? before.output, cached: after.cached ?? before.cached };
}

/** What was seen of a call, counted only where it is needed. */
export interface SeenText {
  inputCharacters(): number;
  outputCharacters(): number;
}

/** What counts, from what was reported and, where that has gaps, from what was seen: characters ÷ 4, marked as estimated. */
export function wireUsage(reported: ReportedUsage | undefined, seen: SeenText, rules: UsageRules): WireUsage {
  const countsCacheReads = rules.countsCacheReads ?? rules.format !== 'anthropic-messages';
  const { input, output, cached } = reported ?? {};
  const counted = input === undefined ? tokensOf(seen.inputCharacters()) : input - (countsCacheReads ? 0 : (cached ?? 0));
  const isEstimated = input === undefined || output === undefined;
  const leftOut = input !== undefined && !countsCacheReads && cached !== undefined && cached > 0;
  return {
    inputTokens: Math.max(0, counted),
    outputTokens: output ?? tokensOf(seen.outputCharacters()),
    ...(cached === undefined ? {} : { cachedInputTokens: cached }),
    ...(leftOut ? { allInputTokens: input } : {}),
    ...(isEstimated ? { estimated: true } : {}),
  };
}

function tokensOf(characters: number): number {
  return Math.ceil(characters / 4);
}

/** Characters of every text in a request or an answer; what is inlined as a data URL is no text. */
export function textCharacters(value: unknown): number {
  let characters = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string') characters += next.startsWith('data:') ? 0 : next.length;
    else if (Array.isArray(next)) for (const one of next) open.push(typeof one === 'number' ? TOKEN : one);
    else if (isObject(next)) for (const key in next) open.push(next[key]);
  }
  return characters;
}

/** Embeddings take tokens in place of text, a number each. */
const TOKEN = '····';

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
