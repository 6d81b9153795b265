import { expect, it, vi } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { fromYaml } from '../config/read.ts';
import { blocksOf, readPage } from './markdown.ts';

const PAGE = 'docs/tenants.md';
const blocks = blocksOf(PAGE, readPage(PAGE));

it('docs/tenants.md has a configuration that loads', () => {
  const [{ code } = { code: '' }] = blocks.filter(({ language }) => language === 'yaml');
  const config = fromYaml(`models: { gpt-4o: {}, gpt-4o-mini: {} }\n${code}`, { env: { REDIS_URL: 'redis://localhost' } });
  expect(Object.keys(config.tenants)).toEqual(['search', 'support']);
  expect(config.models['gpt-4o']?.tenants).toEqual({ search: { weight: 2 } });
  expect(config.warnings).toEqual([]);
});

async function helpOf(command: readonly string[]): Promise<string> {
  let help = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    help += String(text);
    return true;
  });
  expect(await runProgram([...command, '--help'])).toBe(0);
  spy.mockRestore();
  expect(help).toContain(`Usage: headgate ${command.join(' ')} `);
  return help;
}

it('docs/tenants.md names commands that there are', async () => {
  const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.split('\n'));
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const [start = '', command = '', ...args] = line.replace(/ *#.*/, '').split(' ');
    expect([start, command]).toEqual(['npx', 'headgate']);
    const help = await helpOf(args.filter((arg) => /^[a-z]+$/.test(arg)).slice(0, 2));
    for (const flag of args.filter((arg) => arg.startsWith('-'))) expect(help, line).toContain(flag);
  }
});
