import { describe, expect, it } from 'vitest';
import { matchesPrinted, printedBlocks } from './printed-blocks.ts';

const fenced = (language: string, code: string): string => `\`\`\`${language}\n${code}\n\`\`\`\n`;

describe('the blocks of a page', () => {
  it('come with what is said of running them and with what they print', () => {
    const page = [
      fenced('sh', 'npm install'),
      `<!-- run: in the background -->\n${fenced('sh', 'serve')}`,
      `<!-- run -->\n${fenced('sh', 'ask')}\n<!-- output -->\n${fenced('text', 'fine')}<!-- /output -->\n`,
      fenced('ts', 'go();'),
    ].join('\n');

    expect(printedBlocks(page)).toEqual([
      { line: 2, language: 'sh', code: 'npm install', run: undefined, output: undefined },
      { line: 7, language: 'sh', code: 'serve', run: 'in the background', output: undefined },
      { line: 12, language: 'sh', code: 'ask', run: 'here', output: 'fine' },
      { line: 22, language: 'ts', code: 'go();', run: undefined, output: undefined },
    ]);
  });
});

describe('what is promised', () => {
  it.each([
    ['the same', 'one\ntwo', 'one\ntwo\n', true],
    ['another line', 'one\ntwo', 'one\nthree\n', false],
    ['a line more', 'one', 'one\ntwo\n', false],
    ['the rest of a line', 'took … ms', 'took 12.5 ms\n', true],
    ['the rest of a line, and not of two', 'took …', 'took 12\nms\n', false],
    ['any lines', 'one\n…\nfour', 'one\ntwo\nthree\nfour\n', true],
    ['no lines for any lines', 'one\n…\nfour', 'one\nfour\n', true],
    ['signs that mean something in a pattern', 'a.b (c)', 'axb (c)\n', false],
  ])('%s', (_, promised, printed, matches) => {
    expect(matchesPrinted(promised, printed)).toBe(matches);
  });
});
