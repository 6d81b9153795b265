import { blocksOf } from './markdown.ts';

/** A fenced block of the README that a reader may run, with what is said about it. */
export interface PrintedBlock {
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** From a comment `<!-- run -->` (`here`) or `<!-- run: in the background -->` before it. */
  readonly run: 'here' | 'in the background' | undefined;
  /** What it prints: the block between `<!-- output -->` and `<!-- /output -->` behind it. */
  readonly output: string | undefined;
}

/** The blocks of a page, in order, each with its markers; blocks of output are not among them. */
export function printedBlocks(text: string): PrintedBlock[] {
  const lines = text.split('\n');
  const blocks = blocksOf('README.md', text);
  const isOutput = ({ line }: { readonly line: number }) => lines[line - 3] === '<!-- output -->';
  return blocks.flatMap((block, index) => {
    if (isOutput(block)) return [];
    const next = blocks[index + 1];
    const marker = /^<!-- run(?:: (in the background))? -->$/.exec(lines[block.line - 3] ?? '');
    return {
      line: block.line,
      language: block.language,
      code: block.code,
      run: marker === null ? undefined : marker[1] === undefined ? 'here' : 'in the background',
      output: next !== undefined && isOutput(next) ? next.code : undefined,
    };
  });
}

/** Whether something printed is what was promised. In a promise `…` stands for the rest of a line, alone on a line for any lines. */
export function matchesPrinted(promised: string, printed: string): boolean {
  const line = (text: string) => (text === '…' ? '(?:.*\n)*?' : `${text.split('…').map(literally).join('.*')}\n`);
  const pattern = promised.split('\n').map(line).join('');
  return new RegExp(`^${pattern}$`).test(`${printed.trimEnd()}\n`);
}

function literally(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}
