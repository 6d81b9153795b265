import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AZURE_ALIASES } from '../../src/config/headgate-config-azure.ts';
import { ROOT, readPage } from './markdown.ts';
import { publicNames } from './public-names.ts';

/** Words of the language and of the examples' own variables. */
const NOT_OURS = new Set('await class const extends for new of using x X i n P R client manager queue text'.split(' '));
/** What stands in maps whose keys are open. */
const IN_OPEN_MAPS = ['stopReason', ...Object.values(AZURE_ALIASES).flatMap((aliases) => Object.keys(aliases))];

describe('the page for those who come from another system', () => {
  const names = publicNames();
  const rows = rowsOf(readPage('docs/migration.md'));

  it('names nothing on our side that does not exist', () => {
    const unknown = rows.flatMap(({ line, ours }) => ours.filter((name) => !isKnown(name, names)).map((name) => `line ${line}: ${name}`));

    expect(rows.length).toBeGreaterThan(60);
    expect(unknown).toEqual([]);
  });

  it('names only commands that there are', () => {
    const sources = globSync('src/cli/*-command.ts', { cwd: ROOT }).map((path) => readFileSync(ROOT + path, 'utf8'));
    const commands = sources.flatMap((source) => [...source.matchAll(/\.command\('(\w+)'/g)].map(([, name]) => name));
    const named = [...readPage('docs/migration.md').matchAll(/`headgate (\w+)/g)].map(([, name]) => name);

    expect(commands.length).toBeGreaterThan(3);
    expect(named.filter((name) => !commands.includes(name))).toEqual([]);
  });

  it('would be caught otherwise', () => {
    expect(rowsOf("| there | Headgate |\n|---|---|\n| `get_it()` | `getIt('a b')`: `of.course` |")).toEqual([
      { line: 3, ours: ['getIt', 'of', 'course'] },
    ]);
    expect(rowsOf('| there | Headgate |\n|---|---|\n| `old_name` | the same |')[0]?.ours).toEqual(['oldName']);
    expect(isKnown('getIt', names)).toBe(false);
  });
});

function isKnown(name: string, names: ReadonlySet<string>): boolean {
  return names.has(name) || NOT_OURS.has(name) || IN_OPEN_MAPS.includes(name);
}

/** The names that each row of a table of names gives for ours; `the same` stands for theirs in camelCase. */
function rowsOf(page: string): { readonly line: number; readonly ours: readonly string[] }[] {
  let isTable = false;
  return page.split('\n').flatMap((text, index) => {
    if (!text.startsWith('|') || text.startsWith('|---')) {
      isTable &&= text.startsWith('|');
      return [];
    }
    const [, there = '', here = ''] = /^\| (.*?) \| (.*) \|$/.exec(text) ?? [];
    if (here === 'Headgate') isTable = true;
    if (here === 'Headgate' || !isTable) return [];
    const theirs = /^the same\b/.test(here) ? wordsOf(there).map(inCamelCase) : [];
    return [{ line: index + 1, ours: [...wordsOf(here).filter((word) => !word.includes('_')), ...theirs] }];
  });
}

/** Names inside code, but for those in quotes, paths of packages and commands. */
function wordsOf(cell: string): string[] {
  const code = [...cell.matchAll(/`([^`]+)`/g)].map(([, inside = '']) => inside.replaceAll(/'[^']*'|"[^"]*"/g, ''));
  return code.filter((inside) => !/^headgate\b/.test(inside)).flatMap((inside) => inside.match(/[A-Za-z_]\w*/g) ?? []);
}

function inCamelCase(name: string): string {
  return /[a-z]/.test(name) ? name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) : name;
}
