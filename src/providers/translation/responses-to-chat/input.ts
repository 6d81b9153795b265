import type { JsonObject } from '../../../domain/chat.ts';
import { isJsonObject, textAt } from '../../codecs/json-fields.ts';
import { isAbsent, refuseOthers, requiredObject, requiredText } from '../known-fields.ts';
import { Untranslatable } from '../translation.ts';
import { assistantText, messageContent, resultContent, systemContent } from './content.ts';

/** An assistant's message on its way. */
interface AssistantTurn {
  readonly role: 'assistant';
  content: string | null;
  tool_calls?: JsonObject[];
}

type Message = AssistantTurn | { readonly role: 'system' | 'user' | 'tool'; readonly [field: string]: unknown };

/** The messages of a conversation whose items stand in `input`. */
export function messagesOf(instructions: unknown, input: unknown): readonly JsonObject[] {
  const conversation = new Conversation();
  if (typeof instructions === 'string') conversation.messages.push({ role: 'system', content: instructions });
  else if (instructions !== undefined) throw new Untranslatable('instructions', 'They must be a text.');
  if (typeof input === 'string') conversation.messages.push({ role: 'user', content: input });
  else if (!Array.isArray(input)) throw new Untranslatable('input', 'It must be a text or a list of items.');
  else for (const [at, item] of input.entries()) conversation.add(requiredObject(item, `input[${at}]`), `input[${at}]`);
  if (conversation.messages.length === 0) throw new Untranslatable('input', 'A chat completion needs a message. Send one.');
  return conversation.messages.map((message) => ({ ...message }));
}

/** Puts items together to messages: what a model said at once stands in several items and in one message. */
class Conversation {
  readonly messages: Message[] = [];

  add(item: JsonObject, path: string): void {
    const type = textAt(item, 'type') ?? ('role' in item ? 'message' : 'item_reference');
    switch (type) {
      case 'message':
        return this.#addMessage(item, path);
      case 'function_call':
        return this.#addCall(item, path);
      case 'function_call_output':
        return this.#addResult(item, path);
      case 'reasoning':
        // Chat completions give none and take none back; what was concluded from it stands in the items after it.
        return;
      case 'item_reference':
        throw new Untranslatable(
          path,
          'It refers to an item that a provider keeps. Send the item itself (clients do with `store: false`).',
        );
      default:
        throw new Untranslatable(`${path}.type`, `Chat completions have nothing for an item of type '${type}'. Leave it out.`);
    }
  }

  #addMessage(item: JsonObject, path: string): void {
    refuseOthers(item, ['type', 'role', 'content', 'id', 'status', 'phase'], path);
    const { role, content } = item;
    const where = `${path}.content`;
    if (role === 'user') this.messages.push({ role, content: messageContent(content, where) });
    // Servers that are merely compatible mostly don't know `developer`; those that do take `system` for the same.
    else if (role === 'system' || role === 'developer') this.messages.push({ role: 'system', content: systemContent(content, where) });
    else if (role === 'assistant') this.#say(assistantText(content, where));
    else throw new Untranslatable(`${path}.role`, `There is no role '${String(role)}'. Use user, assistant, system or developer.`);
  }

  /** The results of calls have to follow the message with the calls: what was said after them goes into that message too. */
  #say(text: string): void {
    const last = this.messages.at(-1);
    if (!isTurn(last) || last.tool_calls === undefined) this.messages.push({ role: 'assistant', content: text });
    else last.content = last.content === null ? text : `${last.content}\n\n${text}`;
  }

  #addResult(item: JsonObject, path: string): void {
    refuseCallsOfCode(item, path);
    refuseOthers(item, RESULT_FIELDS, path);
    const content = resultContent(item['output'], `${path}.output`);
    this.messages.push({ role: 'tool', tool_call_id: requiredText(item, 'call_id', path), content });
  }

  #addCall(item: JsonObject, path: string): void {
    refuseCallsOfCode(item, path);
    refuseOthers(item, CALL_FIELDS, path);
    const called = { name: requiredText(item, 'name', path), arguments: requiredText(item, 'arguments', path) };
    const call = { id: requiredText(item, 'call_id', path), type: 'function', function: called };
    const last = this.messages.at(-1);
    if (!isTurn(last)) this.messages.push({ role: 'assistant', content: null, tool_calls: [call] });
    else if (last.tool_calls === undefined) last.tool_calls = [call];
    else last.tool_calls.push(call);
  }
}

/** OpenAI's SDK adds what it has parsed. */
const CALL_FIELDS = ['type', 'name', 'arguments', 'call_id', 'id', 'status', 'caller', 'async', 'parsed_arguments'];
/** Results may name their tool again, which the call has done. */
const RESULT_FIELDS = ['type', 'call_id', 'output', 'name', 'id', 'status', 'caller', 'async'];

function refuseCallsOfCode({ namespace, async: isAsync, caller }: JsonObject, path: string): void {
  if (!isAbsent(namespace))
    throw new Untranslatable(`${path}.namespace`, 'Chat completions know no namespaces of tools. Offer the tool by itself.');
  if (isAsync === true) throw new Untranslatable(`${path}.async`, 'In chat completions a model waits for its calls. Leave it out.');
  if (isJsonObject(caller) && caller['type'] !== 'direct')
    throw new Untranslatable(`${path}.caller`, 'It was called by code that ran at a provider. Leave the call and its result out.');
}

function isTurn(message: Message | undefined): message is AssistantTurn {
  return message?.role === 'assistant';
}
