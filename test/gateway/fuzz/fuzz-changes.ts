/** One change of a JSON value. */
export interface Change {
  /** Which of its places, counted through. */
  readonly place: number;
  readonly how: 'replace' | 'remove' | 'add' | 'repeat';
  readonly key: string;
  readonly value: unknown;
}

const DEEP = 5_000;

/** JSON that no value of ours can stand for, by the mark that stands in its place. */
export const RAW: Readonly<Record<string, string>> = {
  '@infinity@': '1e999',
  '@minus-infinity@': '-1e999',
  '@digits@': '1234567890'.repeat(40),
  '@surrogate@': '"\\ud800 \\udc00\\ud800"',
  '@nul@': '"\\u0000\\r\\n"',
  '@proto@': '{"__proto__":{"stream":true,"model":"claude"},"constructor":{"prototype":{"polluted":true}}}',
  '@deep-list@': `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
  '@deep-object@': `${'{"content":'.repeat(DEEP)}null${'}'.repeat(DEEP)}`,
  '@long@': `"${'long '.repeat(20_000)}"`,
  '@many@': `[${'{},'.repeat(2_000)}{}]`,
};

type Container = unknown[] | Record<string, unknown>;

/** The changed value as JSON text. */
export function changed(original: unknown, changes: readonly Change[]): string {
  const root = { value: structuredClone(original) };
  for (const each of changes) apply(root, each);
  return JSON.stringify(root.value ?? null).replace(/"(@[\w-]+@)"/g, (text, mark: string) => RAW[mark] ?? text);
}

function apply(root: { value: unknown }, { place, how, key, value }: Change): void {
  const places = placesIn(root);
  const found = places[place % places.length];
  if (found === undefined) return;
  const [holder, at] = found;
  const here = Reflect.get(holder, at) as unknown;
  if (how === 'replace') define(holder, at, value);
  else if (how === 'remove') Reflect.deleteProperty(holder, at);
  else if (how === 'repeat') define(holder, at, [here, here, here]);
  else if (typeof here === 'object' && here !== null) define(here as Container, Array.isArray(here) ? String(here.length) : key, value);
}

/** As its own property, also where it is called `__proto__`. */
function define(holder: Container, at: string, value: unknown): void {
  Object.defineProperty(holder, at, { value: structuredClone(value), enumerable: true, configurable: true, writable: true });
}

function placesIn(holder: Container, found: [Container, string][] = []): [Container, string][] {
  for (const [key, value] of Object.entries(holder)) {
    found.push([holder, key]);
    if (typeof value === 'object' && value !== null) placesIn(value as Container, found);
  }
  return found;
}
