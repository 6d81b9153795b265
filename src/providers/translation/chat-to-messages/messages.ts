import type { JsonObject } from '../../../domain/chat.ts';
import { toolInput } from '../../codecs/anthropic-blocks.ts';
import { isAbsent, refuseOthers, requiredList, requiredObject, requiredText } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';
import { contentBlocks } from './parts.ts';

/** The messages of a chat completion in Anthropic's two places. */
interface Conversation {
  /** Undefined where nobody speaks for the system. */
  readonly system: readonly JsonObject[] | undefined;
  readonly messages: readonly JsonObject[];
}

/**
 * What an assistant's message may bear when a caller hands it back as it came: other vendors' thinking, which nobody but its
 * model can read, sources, what an SDK has parsed. Earlier turns' thinking is never part of a chat completion.
 */
const HANDED_BACK = ['annotations', 'parsed', 'reasoning', 'reasoning_content', 'reasoning_details'];

/**
 * System and developer messages go to the front wherever they stand, as Anthropic's own OpenAI-compatible API does it: only
 * some of its models take them in between.
 */
export function anthropicConversation(given: unknown): Conversation {
  const system: JsonObject[] = [];
  const turns = new Turns();
  for (const [place, value] of requiredList(given, 'messages').entries()) {
    const path = `messages[${place}]`;
    const message = requiredObject(value, path);
    switch (message['role']) {
      case 'system':
      case 'developer':
        refuseOthers(message, ['role', 'content'], path);
        system.push(...contentBlocks(message['content'], 'system', `${path}.content`));
        break;
      case 'user':
        turns.add('user', userContent(message, path));
        break;
      case 'assistant':
        turns.add('assistant', assistantContent(message, path));
        break;
      case 'tool':
        turns.addResult(toolResult(message, path));
        break;
      default:
        throw new Untranslatable(`${path}.role`, 'This role has no translation; use system, developer, user, assistant or tool.');
    }
  }
  return { system: system.length > 0 ? system : undefined, messages: turns.all() };
}

class Turns {
  readonly #turns: JsonObject[] = [];
  /** Results of calls that were made together belong into one turn. */
  #results: JsonObject[] | undefined;

  add(role: 'user' | 'assistant', content: string | readonly JsonObject[]): void {
    this.#results = undefined;
    // An assistant that said nothing.
    if (content.length > 0) this.#turns.push({ role, content });
  }

  addResult(result: JsonObject): void {
    if (this.#results === undefined) {
      this.#results = [];
      this.#turns.push({ role: 'user', content: this.#results });
    }
    this.#results.push(result);
  }

  all(): readonly JsonObject[] {
    const last = this.#turns.at(-1);
    if (last === undefined) throw new Untranslatable('messages', 'Anthropic answers a user: add a message of role user.');
    if (last['role'] === 'user') return this.#turns;
    throw new Untranslatable(
      'messages',
      "Anthropic would go on with the assistant's last message in place of answering it: end with a user's.",
    );
  }
}

function userContent(message: JsonObject, path: string): string | readonly JsonObject[] {
  refuseOthers(message, ['role', 'content'], path);
  const blocks = contentBlocks(message['content'], 'user', `${path}.content`);
  if (blocks.length === 0) throw new Untranslatable(`${path}.content`, 'Anthropic takes no empty message: leave it out.');
  return plain(message, blocks);
}

function assistantContent(message: JsonObject, path: string): string | readonly JsonObject[] {
  refuseOthers(message, ['role', 'content', 'refusal', 'tool_calls', ...HANDED_BACK], path);
  const { content, refusal, tool_calls: calls } = message;
  const said = isAbsent(content) ? [] : contentBlocks(content, 'assistant', `${path}.content`);
  const refused = isAbsent(refusal) ? [] : contentBlocks(refusal, 'assistant', `${path}.refusal`);
  const called = isAbsent(calls) ? [] : requiredList(calls, `${path}.tool_calls`);
  if (refused.length + called.length === 0) return plain(message, said);
  return [...said, ...refused, ...called.map((call, place) => toolUse(call, `${path}.tool_calls[${place}]`))];
}

/** A text stays one. */
function plain({ content }: JsonObject, blocks: readonly JsonObject[]): string | readonly JsonObject[] {
  return typeof content === 'string' && blocks.length > 0 ? content : blocks;
}

function toolUse(value: unknown, path: string): JsonObject {
  const call = requiredObject(value, path);
  // A model's answer handed back may bear the place of each call.
  refuseOthers(call, ['id', 'type', 'function', 'index'], path);
  const called = requiredObject(call['function'], `${path}.function`);
  refuseOthers(called, ['name', 'arguments', 'parsed_arguments'], `${path}.function`);
  return {
    type: 'tool_use',
    id: anthropicId(requiredText(call, 'id', path)),
    name: requiredText(called, 'name', `${path}.function`),
    input: toolInput(requiredText(called, 'arguments', `${path}.function`)),
  };
}

/** Some callers name the tool again, which the call has done. */
function toolResult(message: JsonObject, path: string): JsonObject {
  refuseOthers(message, ['role', 'content', 'tool_call_id', 'name'], path);
  const id = anthropicId(requiredText(message, 'tool_call_id', path));
  const blocks = contentBlocks(message['content'], 'tool', `${path}.content`);
  return { type: 'tool_result', tool_use_id: id, content: plain(message, blocks) };
}

/** Anthropic takes letters, digits, `_` and `-`; a conversation may have begun at a server that names its calls otherwise. */
function anthropicId(id: string): string {
  return id.replace(/[^\w-]/g, (character) => `_${character.charCodeAt(0).toString(16)}_`);
}
