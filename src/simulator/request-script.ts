import { FAULT_KINDS, type FaultKind } from './faults.ts';

/**
 * How a response ends: an answer, a call of the first tool offered, a refusal in words, cut at `max_tokens`, by the content filter, or
 * at one of the request's stop sequences.
 */
export type ResponseKind = 'answer' | 'tool_call' | 'refusal' | 'length' | 'content_filter' | 'stop_sequence';

/** What one request asks the simulator to do. */
export interface SimulatedScript {
  /** Default `answer`. */
  readonly kind?: ResponseKind;
  /** Length of the response; above `max_tokens` it is cut there and ends with `length`. */
  readonly outputTokens?: number;
  /** What the response says in place of filler, or the arguments of its tool call as JSON; four characters are one token. */
  readonly text?: string;
  /** So many tokens of the input come from the cache. */
  readonly cachedTokens?: number;
  /** A fault it meets for certain; `none`: certainly none. */
  readonly fault?: FaultKind | 'none';
  /** Time to headers, ms after arrival. */
  readonly headersMs?: number;
}

const KINDS: readonly ResponseKind[] = ['answer', 'tool_call', 'refusal', 'length', 'content_filter', 'stop_sequence'];
const DIRECTIVE = '[[simulate:';

function isKind(word: string): word is ResponseKind {
  return KINDS.some((kind) => kind === word);
}

function isFault(word: string): word is FaultKind | 'none' {
  return word === 'none' || FAULT_KINDS.some((kind) => kind === word);
}

/**
 * Reads a script such as `tool_call, output_tokens=20, headers_ms=300, fault=reset`: words separated by commas or spaces.
 * @returns what is wrong, in words, where it can't be read
 */
export function parseScript(text: string): SimulatedScript | string {
  let script: SimulatedScript = {};
  for (const word of text.split(/[\s,]+/)) {
    const [key = '', value = ''] = word.split('=');
    const amount = Number(value);
    if (key === '') continue;
    if (isKind(key)) script = { ...script, kind: key };
    else if (key === 'fault' && isFault(value)) script = { ...script, fault: value };
    else if (key === 'output_tokens' && value !== '' && Number.isInteger(amount) && amount >= 0)
      script = { ...script, outputTokens: amount };
    else if (key === 'cached_tokens' && value !== '' && Number.isInteger(amount) && amount >= 0)
      script = { ...script, cachedTokens: amount };
    else if (key === 'headers_ms' && value !== '' && amount >= 0 && Number.isFinite(amount)) script = { ...script, headersMs: amount };
    else {
      const faults = [...FAULT_KINDS, 'none'].join('|');
      return `Unknown simulator instruction '${word}'; expected ${KINDS.join(', ')}, output_tokens=N, cached_tokens=N, headers_ms=N or fault=${faults}.`;
    }
  }
  return script;
}

/** The instructions inside a text, as `[[simulate: refusal, output_tokens=5]]`. */
export function directiveIn(text: string): string | undefined {
  const at = text.indexOf(DIRECTIVE);
  if (at < 0) return undefined;
  const end = text.indexOf(']]', at);
  return end < 0 ? undefined : text.slice(at + DIRECTIVE.length, end);
}
