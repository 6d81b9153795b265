import type { JsonObject } from '../../../domain/chat.ts';
import { textAt, withoutAbsent } from '../../codecs/json-fields.ts';
import { refuseOthers, requiredObject, requiredText } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';

/** They are about price and speed only. */
const ABOUT_CACHES = ['prompt_cache_breakpoint'];

/** A user's content: one text as such, everything else in parts. */
export function messageContent(content: unknown, path: string): string | readonly JsonObject[] {
  return plainIfOne(partsOf(content, path, partOf));
}

export function systemContent(content: unknown, path: string): string | readonly JsonObject[] {
  return plainIfOne(partsOf(content, path, textPart));
}

/** Its parts together, as the SDK's `output_text` has them. What a model refused to do it has said in words as well. */
export function assistantText(content: unknown, path: string): string {
  return partsOf(content, path, (part, where) => refusalIn(part, where) ?? textPart(part, where)['text']).join('');
}

export function resultContent(output: unknown, path: string): string | readonly JsonObject[] {
  return plainIfOne(partsOf(output, path, textPart));
}

function partsOf<P>(content: unknown, path: string, read: (part: JsonObject, path: string) => P): P[] {
  if (typeof content === 'string') return [read({ type: 'input_text', text: content }, path)];
  if (!Array.isArray(content)) throw new Untranslatable(path, 'It must be a text or a list of parts.');
  return content.map((part, at) => read(requiredObject(part, `${path}[${at}]`), `${path}[${at}]`));
}

/** Lists are newer than texts, and not every server takes them. */
function plainIfOne(parts: readonly JsonObject[]): string | readonly JsonObject[] {
  const [first] = parts;
  if (first === undefined) return '';
  return parts.length === 1 ? (textAt(first, 'text') ?? parts) : parts;
}

function partOf(part: JsonObject, path: string): JsonObject {
  if (part['type'] === 'input_image') return imagePart(part, path);
  return part['type'] === 'input_file' ? filePart(part, path) : textPart(part, path);
}

/** `detail` is about price and speed. */
function filePart(part: JsonObject, path: string): JsonObject {
  const data = textAt(part, 'file_data');
  if (data === undefined) throw new Untranslatable(path, 'It names a file that a provider keeps or fetches. Send `file_data`, a data URL.');
  refuseOthers(part, ['type', 'file_data', 'filename', 'detail', ...ABOUT_CACHES], path);
  const file = { filename: part['filename'] ?? undefined, file_data: data };
  return { type: 'file', file: withoutAbsent(file) };
}

function textPart(part: JsonObject, path: string): JsonObject {
  const { type } = part;
  if (type !== 'input_text' && type !== 'output_text')
    throw new Untranslatable(`${path}.type`, `A chat completion takes no part of type '${String(type)}' here. Send its text.`);
  // Where a text was quoted from is left out, as it is in answers, and what an SDK has parsed of it.
  refuseOthers(part, ['type', 'text', 'annotations', 'logprobs', 'parsed', ...ABOUT_CACHES], path);
  return { type: 'text', text: requiredText(part, 'text', path) };
}

function refusalIn(part: JsonObject, path: string): string | undefined {
  if (part['type'] !== 'refusal') return undefined;
  refuseOthers(part, ['type', 'refusal'], path);
  return requiredText(part, 'refusal', path);
}

function imagePart(part: JsonObject, path: string): JsonObject {
  refuseOthers(part, ['type', 'image_url', 'file_id', 'detail', ...ABOUT_CACHES], path);
  const url = textAt(part, 'image_url');
  const detail = textAt(part, 'detail') ?? 'auto';
  if (url === undefined || textAt(part, 'file_id') !== undefined)
    throw new Untranslatable(path, 'It names an image that a provider keeps. Send `image_url`, an address or a data URL.');
  return { type: 'image_url', image_url: detail === 'auto' ? { url } : { url, detail } };
}
