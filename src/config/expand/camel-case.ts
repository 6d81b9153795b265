import type { ConfigPath, Problem } from '../headgate-config-problems.ts';
import { isPlainMap, MOST_LEVELS, type PlainMap } from './plain-data.ts';

/** Maps whose keys are names that somebody chose: they are left as they are. */
const MAPS_OF_NAMES = new Set(['models', 'domains', 'providers', 'tenants', 'prices', 'headers']);
/** An entry of these that says nothing is an entry with nothing in it. */
const ENTRIES_MAY_BE_EMPTY = new Set(['models', 'providers', 'tenants']);
/** Objects of the user's own that must stay themselves. */
const NOT_OURS = new Set(['balancer']);
const MOST_VALUES = 200_000;

/** `requests_per_minute` as `requestsPerMinute`. */
export function camelCase(key: string): string {
  return key.replace(/(?<=[A-Za-z0-9])_+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Whether the keys below `key` are names. */
export function holdsNames(key: string | number | undefined): boolean {
  return typeof key === 'string' && MAPS_OF_NAMES.has(key);
}

/**
 * A copy with every key in camelCase but those that are names. A key without a value counts as left out. Bounded in depth
 * and size, whatever refers to itself or multiplies by references.
 */
export function withCamelCaseKeys(root: unknown): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  let left = MOST_VALUES;

  function copy(value: unknown, path: ConfigPath): unknown {
    if (--left === 0)
      problems.push({ path: [], message: `expected at most ${MOST_VALUES} values, references counted as often as they are used` });
    if (left <= 0) return undefined;
    if (Array.isArray(value)) {
      if (isTooDeep(path)) return undefined;
      return value.map((item: unknown, index) => copy(item, [...path, index]));
    }
    if (isPlainMap(value)) return isTooDeep(path) ? undefined : copyOfMap(value, path);
    if (typeof value === 'object' && value !== null) problems.push({ path, message: 'expected a map, not an object of a class' });
    return value;
  }

  function isTooDeep(path: ConfigPath): boolean {
    if (path.length < MOST_LEVELS) return false;
    problems.push({ path, message: `expected no more than ${MOST_LEVELS} levels` });
    left = 0;
    return true;
  }

  function copyOfMap(map: PlainMap, path: ConfigPath): PlainMap {
    const parent = path.at(-1);
    const isNames = holdsNames(parent);
    const entries = new Map<string, unknown>();
    const spelled = new Map<string, string>();
    for (const [key, value] of Object.entries(map)) {
      const ours = isNames ? key : camelCase(key);
      const at = [...path, ours];
      const before = spelled.get(ours);
      if (ours === '__proto__')
        problems.push({ path: at, ofKey: true, message: 'expected another name: this one has a meaning of its own' });
      else if (before !== undefined) problems.push({ path: at, ofKey: true, message: `given twice, as ${before} and as ${key}` });
      spelled.set(ours, key);
      const isEmpty = value === null || value === undefined;
      if (isEmpty && isNames && ENTRIES_MAY_BE_EMPTY.has(String(parent))) entries.set(ours, {});
      // Kept as undefined: a key that nobody knows is wrong without a value too.
      else if (isEmpty) entries.set(ours, undefined);
      else entries.set(ours, NOT_OURS.has(ours) && !isNames ? value : copy(value, at));
    }
    return Object.fromEntries(entries);
  }

  return { value: copy(root ?? {}, []), problems };
}
