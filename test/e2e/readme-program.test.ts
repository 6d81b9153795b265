import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { blocksOf, ROOT, readPage } from '../docs/markdown.ts';

it("prints what the README says, when the README's program is run with the built package", () => {
  const readme = readPage('README.md');
  const program = blocksOf('README.md', readme).find(({ language }) => language === 'ts');
  const [, output = ''] = readme.split(/<!-- \/?program output -->/);
  const [promised] = blocksOf('README.md', output.trimStart());

  const run = spawnSync(process.execPath, ['--input-type=module-typescript', '-'], { cwd: ROOT, input: program?.code, encoding: 'utf8' });

  expect(run.stderr).toBe('');
  expect(run.stdout.trim()).toBe(promised?.code);
  expect(run.status).toBe(0);
});
