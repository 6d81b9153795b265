import type { JsonObject } from '../../domain/chat.ts';
import { isJsonObject } from '../codecs/json-fields.ts';
import { Untranslatable } from './translation.ts';

/** Whether a field says nothing: SDKs send null for what isn't set. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** The object that stands there. */
export function requiredObject(value: unknown, path: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new Untranslatable(path, 'An object is expected here.');
}

/** The text that stands there. */
export function requiredText(object: JsonObject, key: string, path: string): string {
  const value = object[key];
  if (typeof value === 'string') return value;
  throw new Untranslatable(`${path}.${key}`, 'A text is expected here.');
}

/** The list that stands there. */
export function requiredList(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Untranslatable(path, 'A list is expected here.');
}

/** Refuses whatever else an object says: a field left out silently is a wrong answer. */
export function refuseOthers(object: JsonObject, known: readonly string[], path: string): void {
  const other = Object.entries(object).find(([key, value]) => !known.includes(key) && !isAbsent(value))?.[0];
  if (other === undefined) return;
  const at = path === '' ? other : `${path}.${other}`;
  throw new Untranslatable(at, 'This field has no translation; leave it out, or use a deployment that speaks the format of the call.');
}
