import { expect, it } from 'vitest';
import { blocksOf, readPage, writtenPages } from './markdown.ts';
import { typeErrors } from './type-check.ts';

const blocks = writtenPages().flatMap((page) => blocksOf(page, readPage(page)));

it('has TypeScript in the README and in the pages that teach', () => {
  const pages = new Set(blocks.filter(({ language }) => language === 'ts').map(({ page }) => page));

  expect([...pages]).toEqual(expect.arrayContaining(['README.md', 'docs/getting-started.md', 'docs/quick-reference.md', 'docs/limits.md']));
});

it('compiles every TypeScript block of the documents against the sources', () => {
  expect(typeErrors(blocks.filter(({ language }) => language === 'ts'))).toEqual([]);
});

it('finds a block that does not compile, and names its line', () => {
  const wrong = [
    { page: 'page.md', line: 7, language: 'ts', code: "const info = manager.getQueueInfo('m');\ninfo.queueLength;" },
    {
      page: 'page.md',
      line: 20,
      language: 'ts',
      code: "import { QueueManager } from 'headgate';\nnew QueueManager().registerQueue({ modelID: 'm' }, processor);\nmanager;",
    },
  ];

  const errors = typeErrors(wrong);

  expect(errors).toHaveLength(3);
  expect(errors[0]).toMatch(/^page\.md:8: .*queueLength/);
  expect(errors[1]).toMatch(/^page\.md:21: .*modelID/);
  expect(errors[2]).toMatch(/^page\.md:22: .*manager/);
});
