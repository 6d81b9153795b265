import type { JsonObject } from '../../../domain/chat.ts';
import { isJsonObject, textAt } from '../../codecs/json-fields.ts';
import { refuseOthers } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';

/** One block of a message's content. */
export interface Block {
  readonly path: string;
  readonly type: string;
  readonly fields: JsonObject;
}

/** What a block may say. Where a text was quoted from (`citations`) is left out, as it is in answers. */
const BLOCK_FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ['text', 'citations'],
  image: ['source', 'transformations'],
  tool_use: ['id', 'name', 'input', 'caller'],
  tool_result: ['tool_use_id', 'content', 'is_error'],
};

/** The blocks of a content; a text is one. */
export function blocksOf(content: unknown, path: string): Block[] {
  if (typeof content === 'string') return [{ path, type: 'text', fields: { text: content } }];
  if (!Array.isArray(content)) throw new Untranslatable(path, 'It must be a text or a list of blocks.');
  return content.map((block, index) => blockOf(block, `${path}[${index}]`));
}

function blockOf(block: unknown, path: string): Block {
  const type = isJsonObject(block) ? textAt(block, 'type') : undefined;
  if (!isJsonObject(block) || type === undefined) throw new Untranslatable(path, 'It must be a block with a type.');
  const known = Object.hasOwn(BLOCK_FIELDS, type) ? BLOCK_FIELDS[type] : undefined;
  if (known !== undefined) refuseOthers(block, ['type', 'cache_control', ...known], path);
  return { path, type, fields: block };
}
