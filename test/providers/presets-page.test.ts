import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { errorTable, presetTable } from './presets-page.ts';

const page = readFileSync(new URL('../../docs/providers.md', import.meta.url), 'utf8');

function between(name: string): string | undefined {
  return new RegExp(`<!-- ${name}:start -->\\n+([\\s\\S]*?)\\n+<!-- ${name}:end -->`).exec(page)?.[1];
}

it('docs/providers.md has the presets as they are', () => {
  expect(between('presets')).toBe(presetTable());
});

it('docs/providers.md has the table of errors as it is', () => {
  expect(between('errors')).toBe(errorTable());
});
