import type { JsonObject } from '../../../domain/chat.ts';
import { imageBlock } from '../../codecs/anthropic-blocks.ts';
import { refuseOthers, requiredList, requiredObject, requiredText } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';

/** Whose content it is, and so of what it may be made. */
export type Speaker = 'system' | 'user' | 'assistant' | 'tool';

/** `prompt_cache_breakpoint` is about price only and left out; `cache_control` is what gateways take for Anthropic's. */
const ABOUT_CACHES = ['cache_control', 'prompt_cache_breakpoint'];
const IMAGE_URL = /^https?:\/\/|^data:[^;,]+;base64,/i;
const PDF = /^data:application\/pdf;base64,(.*)$/s;

/** The blocks that a message's content becomes. Texts of nothing but white space are none: Anthropic refuses them. */
export function contentBlocks(content: unknown, speaker: Speaker, path: string): readonly JsonObject[] {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : requiredList(content, path);
  return parts.map((part, place) => blockOf(requiredObject(part, `${path}[${place}]`), speaker, `${path}[${place}]`)).filter(saysSomething);
}

function blockOf(part: JsonObject, speaker: Speaker, path: string): JsonObject {
  const { type } = part;
  if (type === 'text') return marked(part, textBlock(part, path));
  if (type === 'refusal' && speaker === 'assistant') return { type: 'text', text: requiredText(part, 'refusal', path) };
  const takesMore = speaker === 'user' || speaker === 'tool';
  if (type === 'image_url' && takesMore) return marked(part, image(part, path));
  if (type === 'file' && takesMore) return marked(part, documentBlock(part, path));
  throw new Untranslatable(path, `A part of this type has no translation in a message of role '${speaker}': leave it out.`);
}

function textBlock(part: JsonObject, path: string): JsonObject {
  refuseOthers(part, ['type', 'text', ...ABOUT_CACHES], path);
  return { type: 'text', text: requiredText(part, 'text', path) };
}

/** `detail` is about price and speed: Anthropic always looks as closely as it can. */
function image(part: JsonObject, path: string): JsonObject {
  refuseOthers(part, ['type', 'image_url', ...ABOUT_CACHES], path);
  const given = requiredObject(part['image_url'], `${path}.image_url`);
  refuseOthers(given, ['url', 'detail'], `${path}.image_url`);
  const url = requiredText(given, 'url', `${path}.image_url`);
  if (!IMAGE_URL.test(url))
    throw new Untranslatable(`${path}.image_url.url`, 'An image is an http(s) address or a data address with base64.');
  // A name that OpenAI takes for it.
  return imageBlock(url.replace(/^data:image\/jpg;/i, 'data:image/jpeg;'));
}

function documentBlock(part: JsonObject, path: string): JsonObject {
  refuseOthers(part, ['type', 'file', ...ABOUT_CACHES], path);
  const file = requiredObject(part['file'], `${path}.file`);
  refuseOthers(file, ['file_data', 'filename', 'file_id'], `${path}.file`);
  const { file_data: text, filename } = file;
  const data = typeof text === 'string' ? PDF.exec(text)?.[1] : undefined;
  if (data === undefined)
    throw new Untranslatable(`${path}.file`, "Only PDF files are translated, with their 'file_data' as a data address.");
  const source = { type: 'base64', media_type: 'application/pdf', data };
  return typeof filename === 'string' ? { type: 'document', source, title: filename } : { type: 'document', source };
}

function marked({ cache_control: mark }: JsonObject, block: JsonObject): JsonObject {
  return mark === undefined ? block : { ...block, cache_control: mark };
}

function saysSomething({ type, text }: JsonObject): boolean {
  return type !== 'text' || (typeof text === 'string' && text.trim() !== '');
}
