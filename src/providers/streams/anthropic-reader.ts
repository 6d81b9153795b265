import type { ServerSentEvent } from '../provider.ts';
import { laterUsage, type ReportedUsage, reportedUsage } from '../wire-usage.ts';
import { charactersIn, isFields, looksLikeObject, parsedObject } from './json-glance.ts';
import type { EventKind, StreamReader } from './stream-reader.ts';

/** Where a model's text arrives, by kind of delta: text, a tool's input, thinking. */
const TEXTS = /"(?:text|partial_json|thinking)"\s*:\s*"/g;
/** Empty when they start: the text follows in deltas. */
const TEXT_BLOCKS: ReadonlySet<unknown> = new Set(['text', 'thinking']);
const KNOWN = new Set([
  'message_start',
  'message_delta',
  'message_stop',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
]);

/** Anthropic's messages: named events, from `message_start` to `message_stop`. */
export class AnthropicReader implements StreamReader {
  usage: ReportedUsage | undefined;
  characters = 0;
  #hasFinalUsage = false;

  read(event: ServerSentEvent, isFirst: boolean): EventKind {
    const { data } = event;
    const name = event.event ?? typeIn(data);
    if (name === undefined) return looksLikeObject(data) ? 'silent' : 'garbage';
    if (name === 'error') return 'error';
    if (!KNOWN.has(name)) return 'silent';
    if (!looksLikeObject(data)) return 'garbage';
    if (name === 'message_stop') return 'terminal';
    if (name === 'message_start' || name === 'message_delta') return this.#readMessage(name, data);
    if (name === 'content_block_delta') return this.#readDelta(data, isFirst);
    return isFirst && name === 'content_block_start' ? firstBlock(data) : isFirst ? 'silent' : 'content';
  }

  /** Usage is cumulative; the output that `message_start` names is that of its first token only. */
  #readMessage(name: 'message_start' | 'message_delta', data: string): EventKind {
    const fields = parsedObject(data);
    if (!fields) return 'garbage';
    const message = fields['message'];
    const isStart = name === 'message_start';
    const reported = reportedUsage(isStart && isFields(message) ? message['usage'] : fields['usage'], 'anthropic-messages');
    if (isStart) this.usage = reported && { ...reported, output: undefined };
    else this.usage = laterUsage(this.usage, reported);
    if (isStart) return 'silent';
    this.#hasFinalUsage = true;
    return 'content';
  }

  #readDelta(data: string, isFirst: boolean): EventKind {
    if (isFirst && !parsedObject(data)) return 'garbage';
    if (this.#hasFinalUsage) return 'content';
    this.characters += charactersIn(data, TEXTS);
    return 'content';
  }
}

function firstBlock(data: string): EventKind {
  const fields = parsedObject(data);
  if (!fields) return 'garbage';
  const block = fields['content_block'];
  return isFields(block) && !TEXT_BLOCKS.has(block['type']) ? 'content' : 'silent';
}

function typeIn(data: string): string | undefined {
  const type = parsedObject(data)?.['type'];
  return typeof type === 'string' ? type : undefined;
}
