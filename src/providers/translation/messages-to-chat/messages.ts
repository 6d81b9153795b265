import type { ChatMessage, ContentPart, JsonObject, ToolCall } from '../../../domain/chat.ts';
import { isJsonObject, objectAt, textAt } from '../../codecs/json-fields.ts';
import { refuseOthers, requiredText } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';
import { type Block, blocksOf } from './blocks.ts';

interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  readonly blocks: Block[];
}

/**
 * The messages of a conversation. Thoughts are left out: they are signed for the model that had them, and mean nothing to
 * another. The order between the text and the calls of one turn is lost: a chat completion's message has each in a field.
 */
export function conversationOf(messages: unknown): readonly ChatMessage[] {
  if (!Array.isArray(messages)) throw new Untranslatable('messages', 'It must be a list of messages.');
  const turns = turnsOf(messages);
  if (turns.at(-1)?.role === 'assistant') {
    const why = "It begins the answer, which chat completions don't continue.";
    throw new Untranslatable(`messages[${messages.length - 1}]`, `${why} Let a user's message be the last.`);
  }
  return turns.flatMap(({ role, blocks }) => {
    if (role === 'user') return userMessages(blocks);
    return role === 'assistant' ? assistantMessage(blocks) : [{ role, content: joinedTexts(blocks) }];
  });
}

/** Texts of a system prompt; a chat completion has one, Anthropic's may come in blocks. */
export function systemTextOf(content: unknown, path: string): string {
  return joinedTexts(blocksOf(content, path));
}

/** Anthropic takes turns of one role that follow each other for one: that keeps results of calls made together in one piece. */
function turnsOf(messages: readonly unknown[]): readonly Turn[] {
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const path = `messages[${index}]`;
    const role = isJsonObject(message) ? message['role'] : undefined;
    if (!isJsonObject(message) || (role !== 'user' && role !== 'assistant' && role !== 'system'))
      throw new Untranslatable(`${path}.role`, `It must be 'user', 'assistant' or 'system'.`);
    refuseOthers(message, ['role', 'content'], path);
    const blocks = blocksOf(message['content'], `${path}.content`);
    const last = turns.at(-1);
    if (last?.role !== role || role === 'system') turns.push({ role, blocks });
    // One by one: there may be more than a call takes arguments.
    else for (const block of blocks) last.blocks.push(block);
  }
  return turns;
}

/** Results come right after their calls; the API refuses a turn in which anything stands before them. */
function userMessages(blocks: readonly Block[]): readonly ChatMessage[] {
  const results = blocks.filter(({ type }) => type === 'tool_result').map(resultOf);
  const parts = [...results.flatMap(({ images }) => images), ...blocks.filter(({ type }) => type !== 'tool_result').map(partOf)];
  const said: readonly ChatMessage[] = parts.length === 0 && results.length > 0 ? [] : [{ role: 'user', content: contentOf(parts) }];
  return [...results.map(({ message }) => message), ...said];
}

/** Some compatible servers know no parts: one text goes as it is. */
function contentOf(all: readonly ContentPart[]): string | readonly ContentPart[] {
  const parts = all.filter((part) => part.type !== 'text' || part.text !== '');
  const [first] = parts;
  if (first === undefined) return '';
  return parts.length === 1 && first.type === 'text' ? first.text : parts;
}

/**
 * A tool's message has text only, and no word for failure: an error says so in its text, and images follow in the user's message
 * behind the results, where both texts tell which belongs where.
 */
function resultOf(block: Block): { readonly message: ChatMessage; readonly images: readonly ContentPart[] } {
  const { fields, path } = block;
  const toolCallId = textAt(fields, 'tool_use_id');
  if (toolCallId === undefined) throw new Untranslatable(`${path}.tool_use_id`, 'It must name the call that it is the result of.');
  const images: ContentPart[] = [];
  const texts = blocksOf(fields['content'] ?? '', `${path}.content`).map((inner) => {
    const part = partOf(inner);
    if (part.type === 'text') return part.text;
    const name = `Image ${images.length / 2 + 1} of the result of ${toolCallId}`;
    images.push({ type: 'text', text: `${name}:` }, part);
    return `[${name}: in the next message]`;
  });
  const text = texts.join('\n');
  return { message: { role: 'tool', toolCallId, content: fields['is_error'] === true ? `Error: ${text}` : text }, images };
}

function partOf({ type, fields, path }: Block): ContentPart {
  if (type === 'text') return { type, text: requiredText(fields, 'text', path) };
  if (type === 'image') return { type, url: imageUrl(fields, path) };
  throw new Untranslatable(path, `Chat completions have no '${type}' blocks. Give its content as text or as an image.`);
}

function imageUrl(image: JsonObject, path: string): string {
  if (objectAt(image, 'transformations')?.['oversized_image'] === 'error')
    throw new Untranslatable(`${path}.transformations`, "Chat completions scale large images down and can't be told not to. Leave it out.");
  const source = objectAt(image, 'source') ?? {};
  const where = `${path}.source`;
  if (source['type'] === 'url') {
    refuseOthers(source, ['type', 'url'], where);
    return requiredText(source, 'url', where);
  }
  if (source['type'] === 'base64') {
    refuseOthers(source, ['type', 'media_type', 'data'], where);
    return `data:${requiredText(source, 'media_type', where)};base64,${requiredText(source, 'data', where)}`;
  }
  throw new Untranslatable(where, "It must be of type 'url' or 'base64': files at Anthropic are not to be had elsewhere.");
}

const THOUGHTS: ReadonlySet<string> = new Set(['thinking', 'redacted_thinking']);

function assistantMessage(blocks: readonly Block[]): readonly ChatMessage[] {
  const said = blocks.filter(({ type }) => !THOUGHTS.has(type));
  if (said.length === 0) return [];
  const toolCalls = said.filter(({ type }) => type === 'tool_use').map(callOf);
  const texts = said.filter(({ type }) => type !== 'tool_use').map(textOf);
  return [{ role: 'assistant', content: texts.join(''), ...(toolCalls.length > 0 && { toolCalls }) }];
}

function callOf({ fields, path }: Block): ToolCall {
  const caller = objectAt(fields, 'caller')?.['type'] ?? 'direct';
  if (caller !== 'direct')
    throw new Untranslatable(`${path}.caller`, 'It was called by code that ran at Anthropic. Leave the call and its result out.');
  return {
    id: requiredText(fields, 'id', path),
    name: requiredText(fields, 'name', path),
    arguments: JSON.stringify(fields['input'] ?? {}),
  };
}

function joinedTexts(blocks: readonly Block[]): string {
  return blocks.map(textOf).join('\n\n');
}

function textOf({ type, fields, path }: Block): string {
  if (type === 'text') return requiredText(fields, 'text', path);
  throw new Untranslatable(path, `Chat completions have no word for a '${type}' block in this place. Leave it out.`);
}
