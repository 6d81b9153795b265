import type { JsonObject } from '../../domain/chat.ts';
import { isJsonObject, listAt } from '../codecs/json-fields.ts';
import { Untranslatable } from './translation.ts';

/** The calls in a chat completion's message, or in a delta of one. Throws for what was said in another way than by words and functions. */
export function calledFunctions(message: JsonObject | undefined): readonly JsonObject[] {
  const calls = listAt(message, 'tool_calls');
  const isOther = ({ type, custom }: JsonObject): boolean => isJsonObject(custom) || (type !== 'function' && Boolean(type));
  if (calls.some(isOther)) throw new Untranslatable('', 'It calls a tool that is no function, for which there are no words.');
  if (isJsonObject(message?.['function_call']))
    throw new Untranslatable('', "It calls a function in the old way, by 'function_call', which is not translated.");
  if (isJsonObject(message?.['audio'])) throw new Untranslatable('', 'It is spoken, and there is no place for audio.');
  return calls;
}
