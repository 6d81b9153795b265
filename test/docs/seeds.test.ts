import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { seedParts } from '../../scripts/seeds/all.ts';
import { renderSeeds } from '../../scripts/seeds/render.ts';
import type { Evidence, SeedPart, SeedRow } from '../../scripts/seeds/seed-row.ts';
import { ROOT, readPage } from './markdown.ts';

const SKIPPED = /\b(?:skip|todo|fails|skipIf|runIf)\b/;

describe('what the seeds had', () => {
  it('names a test or example that exists and runs, for every row that is promised now', () => {
    expect(problems(seedParts)).toEqual([]);
  });

  it('has each point E1 to E58 once, and no id twice', () => {
    const ids = seedParts.flatMap(({ rows }) => rows.map(({ id }) => id));

    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id.startsWith('E'))).toEqual(Array.from({ length: 58 }, (_, index) => `E${index + 1}`));
  });

  it('is what docs/seeds.md says: otherwise run `npm run docs:seeds`', () => {
    expect(readPage('docs/seeds.md')).toBe(renderSeeds(seedParts));
  });
});

describe('the check of these rows', () => {
  const here = 'test/docs/seeds.test.ts';
  const check = (row: Partial<SeedRow>, inScope: boolean): string[] =>
    problems([{ title: '', about: '', inScope: () => inScope, rows: [{ id: 'X1', what: '', ...row }] }]);

  it('refuses a row in scope without evidence, and one out of scope that waits for nothing', () => {
    expect(check({ waits: 'dashboard' }, true)).toEqual(['X1: nothing shows it']);
    expect(check({}, false)).toEqual(['X1: nothing shows it, and it waits for nothing']);
    expect(check({ waits: 'dashboard' }, false)).toEqual([]);
  });

  it('refuses a file that does not exist, and a test that is not in its file', () => {
    expect(check({ shown: [['test/nowhere.test.ts', 'x']] }, true)).toEqual(['X1: test/nowhere.test.ts does not exist']);
    const missing = ['no', 'such', 'test'].join(' ');
    expect(check({ shown: [[here, missing]] }, true)).toEqual([`X1: ${here} has no test '${missing}'`]);
    expect(check({ shown: [[here]] }, true)).toEqual([`X1: ${here} is a test file, and no test of it is named`]);
    expect(check({ shown: [[here, 'has each point E1 to E58 once, and no id twice']] }, true)).toEqual([]);
  });

  it('refuses a skipped test, itself or with its group', () => {
    const name = 'does it';
    const skipped = { it: `it.skip('${name}', () => {});`, group: `describe.skip('group', () => {\n  it('${name}', () => {});\n});` };

    expect(whyNotRun(`it('${name}', () => {});`, name)).toBeUndefined();
    expect(whyNotRun(skipped.it, name)).toBe('is skipped');
    expect(whyNotRun(skipped.group, name)).toBe('is in a skipped group');
  });
});

function problems(parts: readonly SeedPart[]): string[] {
  return parts.flatMap(({ rows, inScope }) =>
    rows.flatMap((row) => {
      const { id, shown = [], waits } = row;
      if (shown.length === 0 && inScope(row)) return [`${id}: nothing shows it`];
      if (shown.length === 0 && waits === undefined) return [`${id}: nothing shows it, and it waits for nothing`];
      return shown.flatMap((evidence) => problemOf(evidence) ?? []).map((problem) => `${id}: ${problem}`);
    }),
  );
}

function problemOf([path, testName]: Evidence): string | undefined {
  if (!existsSync(`${ROOT}${path}`)) return `${path} does not exist`;
  if (!/\.test(-d)?\.ts$/.test(path)) return undefined;
  if (testName === undefined) return `${path} is a test file, and no test of it is named`;
  const problem = whyNotRun(readFileSync(`${ROOT}${path}`, 'utf8'), testName);
  if (problem === 'is missing') return `${path} has no test '${testName}'`;
  return problem === undefined ? undefined : `'${testName}' in ${path} ${problem}`;
}

/** Looks for the name as it stands in the source, behind the `it` or `test` that it belongs to. */
function whyNotRun(source: string, name: string): 'is missing' | 'is skipped' | 'is in a skipped group' | undefined {
  const lines = source.split('\n');
  const at = lines.findIndex((line) => line.includes(name) || line.includes(name.replaceAll("'", "\\'")));
  const start = lines.findLastIndex((line, index) => index <= at && /^\s*(?:it|test)\b/.test(line));
  if (at < 0 || start < 0) return 'is missing';
  if (SKIPPED.test(callOf(lines[start]))) return 'is skipped';
  const indent = indentOf(lines[start]);
  const group = lines.slice(0, start).findLast((line) => /^\s*describe\b/.test(line) && indentOf(line) < indent);
  return SKIPPED.test(callOf(group)) ? 'is in a skipped group' : undefined;
}

/** What is called, up to its first text. */
function callOf(line = ''): string {
  return line.split(/['"`]/)[0] ?? '';
}

function indentOf(line = ''): number {
  return line.search(/\S/);
}
