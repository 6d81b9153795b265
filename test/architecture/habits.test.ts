import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/ensure-chromium.ts';
import { readText } from './project.ts';

const hasReadme = existsSync(new URL('../../README.md', import.meta.url));

describe('the commands that the project promises', () => {
  it.skipIf(!hasReadme)('CI runs the test command exactly as the README prints it', () => {
    const command = /^TEST_COMMAND='(.+)'$/m.exec(readText('.ci/run'))?.[1];
    expect(command).toBeDefined();
    expect(readText('README.md').split('\n')).toContain(command);
  });

  it('the workflows and the guides name only scripts that exist', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    const places = [
      'CONTRIBUTING.md',
      '.ci/run',
      ...['check', 'coverage', 'publish', 'test'].map((name) => `.github/workflows/${name}.yml`),
    ];
    const named = places.flatMap((place) => [...readText(place).matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] ?? ''));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });
});

describe('the search for a browser', () => {
  it('takes the executable named in CHROMIUM_PATH before any other', () => {
    const before = process.env['CHROMIUM_PATH'];
    process.env['CHROMIUM_PATH'] = process.execPath;
    try {
      expect(findChromium()).toBe(process.execPath);
    } finally {
      if (before === undefined) delete process.env['CHROMIUM_PATH'];
      else process.env['CHROMIUM_PATH'] = before;
    }
  });
});
