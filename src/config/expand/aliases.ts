import { AZURE_ALIASES } from '../headgate-config-azure.ts';
import type { ConfigPath, Problem } from '../headgate-config-problems.ts';
import { isPlainMap, type PlainMap } from './plain-data.ts';

/** Fields that may be spelled in two ways, under the name that the schemas know. Two spellings with different values are a problem. */
export function withOneSpelling(root: unknown): { readonly value: unknown; readonly problems: readonly Problem[] } {
  if (!isPlainMap(root)) return { value: root, problems: [] };
  const problems: Problem[] = [];
  const tree: Record<string, unknown> = { ...root };
  for (const [section, aliases] of Object.entries(AZURE_ALIASES)) {
    const given = tree[section];
    if (Array.isArray(given)) tree[section] = given.map((item: unknown, index) => renamed(item, [section, index], aliases));
    else if (given !== undefined) tree[section] = renamed(given, [section], aliases);
  }
  return { value: tree, problems };

  function renamed(map: unknown, path: ConfigPath, aliases: PlainMap): unknown {
    if (!isPlainMap(map)) return map;
    const out: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(map)) {
      const to = Object.hasOwn(aliases, key) ? String(aliases[key]) : key;
      if (value === undefined && to !== key) continue;
      if (map[to] !== undefined && map[to] !== value) {
        problems.push({ path: [...path, key], ofKey: true, message: `says another value than ${to}, which is the same; give one of them` });
      }
      out[to] = value;
    }
    return out;
  }
}
