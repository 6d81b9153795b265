import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One fenced block of a page. */
export interface Block {
  readonly page: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
}

/** The pages that people write: README and docs, without the generated API reference. */
export function writtenPages(): string[] {
  return ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...globSync('docs/**/*.md', { cwd: ROOT })].filter(
    (page) => !page.startsWith('docs/api'),
  );
}

export function readPage(page: string): string {
  return readFileSync(`${ROOT}${page}`, 'utf8');
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string, text: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; code: string[] } | undefined;
  text.split('\n').forEach((line, index) => {
    const fence = /^```(\w*)/.exec(line);
    if (open !== undefined && line.startsWith('```')) {
      blocks.push({ page, line: open.line, language: open.language, code: open.code.join('\n') });
      open = undefined;
    } else if (open !== undefined) open.code.push(line);
    else if (fence) open = { language: fence[1] ?? '', line: index + 2, code: [] };
  });
  return blocks;
}

/** Targets of a page's links to files of this repository, without anchors. */
export function linkedFiles(page: string, text: string): string[] {
  const base = new URL(page, 'file:///');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(\w+:|#)/.test(target))
    .map((target) => decodeURIComponent(new URL(target, base).pathname).slice(1));
}
