import { expect, it } from 'vitest';
import { configurationPage } from '../../scripts/configuration-page.ts';
import { blocksOf, readPage } from '../docs/markdown.ts';
import { fromYaml } from './read.ts';

const PAGE = 'docs/configuration.md';
const env = { OPENAI_KEY_A: 'a', AZURE_KEY: 'b', KEY_A: 'c', KEY_B: 'd' };
const examples = blocksOf(PAGE, configurationPage()).filter(({ language }) => language === 'yaml');

it('is the page in docs/', () => {
  expect(readPage(PAGE), 'run `npm run docs`').toBe(configurationPage());
});

it('has an example of each style', () => expect(examples).toHaveLength(3));

it.each(examples.map(({ line, code }) => [line, code] as const))(
  'has an example at line %i that loads, with the ids it says',
  (_, code) => {
    const { models, warnings } = fromYaml(code, { env });
    const ids = Object.values(models).flatMap(({ deployments }) => deployments.map(({ id }) => id));
    expect(ids.sort()).toEqual(
      [...code.matchAll(/# (.*)$/gm)].flatMap(([, comment = '']) => comment.match(/(?:openai|azure|anthropic)-\d/g) ?? []).sort(),
    );
    expect(warnings).toEqual([]);
  },
);
