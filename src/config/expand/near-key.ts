import { camelCase } from './camel-case.ts';

const MOST_LISTED = 20;

/** What to say of a key that nobody knows: the nearest one that is known, or all of them. */
export function unknownKey(key: string, known: readonly string[]): string {
  const shown = JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
  const near = nearest(key, known);
  if (near !== undefined) return `unknown key ${shown}; did you mean ${near}?`;
  if (known.length === 0) return `unknown key ${shown}`;
  const more = known.length > MOST_LISTED ? ', …' : '';
  return `unknown key ${shown}; known here: ${known.slice(0, MOST_LISTED).join(', ')}${more}`;
}

/** The name that is most like `key`, unless it is hardly like any. */
export function nearest(key: string, names: readonly string[]): string | undefined {
  if (key.length > 100) return undefined;
  const wanted = camelCase(key).toLowerCase();
  const ranked = names
    .map((name) => ({ name, distance: distanceOf(wanted, name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= farthest(Math.max(name.length, wanted.length)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

/** What to add to `expected one of …`: what it is instead, and what was meant. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return `, not ${JSON.stringify(name)}${near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`}`;
}

/** Two letters that changed places count as two changes. */
function farthest(length: number): number {
  return length < 4 ? 1 : Math.max(2, Math.floor(length / 3));
}

/** How many letters have to be changed, added or left out. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
