/** Levels of maps and lists that a configuration may have, however it is written. */
export const MOST_LEVELS = 32;

/** A map of plain data, as a YAML or JSON file makes it. */
export type PlainMap = Readonly<Record<string, unknown>>;

/** Whether a value is a plain map: no instance of a class, no array, no function. */
export function isPlainMap(value: unknown): value is PlainMap {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Not compared with this realm's own: a map may come from a worker or another window.
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value));
}

/** What stands at a path, or undefined. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}
