import type { JsonObject } from '../../domain/chat.ts';
import { isJsonObject } from './json-fields.ts';

const DATA_URL = /^data:([^;,]+);base64,(.*)$/is;

/** The block of an image at an address, or inlined as a `data:` address with base64. */
export function imageBlock(url: string): JsonObject {
  const [, mediaType, data] = DATA_URL.exec(url) ?? [];
  const source = mediaType === undefined ? { type: 'url', url } : { type: 'base64', media_type: mediaType, data };
  return { type: 'image', source };
}

/** What a tool was called with. The API wants an object; a model that wrote broken JSON sees again what it wrote. */
export function toolInput(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below.
  }
  return { arguments: text };
}
