import { describe, expect, it } from 'vitest';
import { packageEntries } from '../../scripts/package-entries.ts';
import { buildGraph } from './graph.ts';
import { readSources } from './project.ts';
import { breaches } from './rules.ts';

/** RxJS 8 will rewrite the contract: a handful of files can follow, a project-wide habit cannot. */
const RXJS_FILES_AT_MOST = 6;

describe('the modules of src/ and machines/', () => {
  const sources = readSources();
  const graph = buildGraph(sources);

  it('keep the layers, take time from the clock and load in browsers where they must', () => {
    expect(sources.size).toBeGreaterThan(0);
    expect(breaches(graph, [...packageEntries().keys()])).toEqual([]);
  });

  it('import rxjs in few places', () => {
    const users = [...graph.values()].filter(({ imports }) => imports.some(({ specifier }) => specifier.split('/')[0] === 'rxjs'));
    console.log(`rxjs is imported by ${users.length} modules: ${users.map(({ path }) => path).join(', ') || 'none'}`);
    expect(users.length).toBeLessThanOrEqual(RXJS_FILES_AT_MOST);
  });
});
