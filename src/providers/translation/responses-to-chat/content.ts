import type { JsonObject } from '../../../domain/chat.ts';
import { textAt } from '../../codecs/json-fields.ts';
import { requiredObject } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';

/** A user's content: one text as such, everything else in parts. */
export function messageContent(content: unknown, path: string): string | readonly JsonObject[] {
  return plainIfOne(partsOf(content, path, partOf));
}

export function systemContent(content: unknown, path: string): string | readonly JsonObject[] {
  return plainIfOne(partsOf(content, path, textPart));
}

/** Its parts together, as the SDK's `output_text` has them. What a model refused to do it has said in words as well. */
export function assistantText(content: unknown, path: string): string {
  return partsOf(content, path, (part, where) => textAt(part, 'refusal') ?? textPart(part, where)['text']).join('');
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
  return part['type'] === 'input_image' ? imagePart(part, path) : textPart(part, path);
}

function textPart(part: JsonObject, path: string): JsonObject {
  const text = textAt(part, 'text');
  if ((part['type'] === 'input_text' || part['type'] === 'output_text') && text !== undefined) return { type: 'text', text };
  throw new Untranslatable(`${path}.type`, `A chat completion takes no part of type '${String(part['type'])}' here. Send its text.`);
}

function imagePart(part: JsonObject, path: string): JsonObject {
  const url = textAt(part, 'image_url');
  const detail = textAt(part, 'detail') ?? 'auto';
  if (url === undefined)
    throw new Untranslatable(path, 'It names an image that a provider keeps. Send `image_url`, an address or a data URL.');
  return { type: 'image_url', image_url: detail === 'auto' ? { url } : { url, detail } };
}
