import type { ServerSentEvent } from '../provider.ts';
import { type ReportedUsage, reportedUsage } from '../wire-usage.ts';
import { charactersIn, isFields, looksLikeObject, parsedObject } from './json-glance.ts';
import type { EventKind, StreamReader } from './stream-reader.ts';

const SILENT = new Set(['response.created', 'response.queued', 'response.in_progress']);
const TEXT = /"delta"\s*:\s*"/g;
const TERMINAL = new Set(['response.completed', 'response.incomplete', 'response.failed']);

/** OpenAI's responses: named events, from `response.created` to `response.completed`, `.incomplete` or `.failed`; no `[DONE]`. */
export class OpenAiResponsesReader implements StreamReader {
  usage: ReportedUsage | undefined;
  characters = 0;

  read(event: ServerSentEvent, isFirst: boolean): EventKind {
    const { data } = event;
    const name = event.event ?? typeIn(data);
    if (name === undefined) return looksLikeObject(data) ? 'silent' : 'garbage';
    if (name === 'error') return 'error';
    if (!name.startsWith('response.')) return 'silent';
    if (!looksLikeObject(data)) return 'garbage';
    if (TERMINAL.has(name)) return this.#readEnd(name, data);
    if (SILENT.has(name)) return 'silent';
    if (isFirst && !parsedObject(data)) return 'garbage';
    // An item or a part that was only opened says nothing yet.
    if (isFirst && name.endsWith('.added')) return 'silent';
    if (name.endsWith('.delta')) this.characters += charactersIn(data, TEXT);
    return 'content';
  }

  #readEnd(name: string, data: string): EventKind {
    const response = parsedObject(data)?.['response'];
    if (!isFields(response)) return 'garbage';
    this.usage = reportedUsage(response['usage'], 'openai-responses') ?? this.usage;
    return name === 'response.failed' ? 'error' : 'terminal';
  }
}

function typeIn(data: string): string | undefined {
  const type = parsedObject(data)?.['type'];
  return typeof type === 'string' ? type : undefined;
}
