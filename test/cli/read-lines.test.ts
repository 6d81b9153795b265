import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Line, type ReadLinesOptions, readLines } from '../../src/cli/batch/read-lines.ts';
import { temporaryFolder } from './temp-folder.ts';

function linesOf(content: string | Buffer, options?: ReadLinesOptions): Line[] {
  const path = join(temporaryFolder(), 'lines');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  try {
    return [...readLines(fd, options)];
  } finally {
    closeSync(fd);
  }
}

describe('readLines', () => {
  it('numbers lines and drops their endings', () => {
    expect(linesOf('a\r\n\nc').map(({ number, text, isEnded, start }) => [number, text, isEnded, start])).toEqual([
      [1, 'a', true, 0],
      [2, '', true, 3],
      [3, 'c', false, 4],
    ]);
    expect(linesOf('a\n')).toHaveLength(1);
    expect(linesOf('')).toHaveLength(0);
  });

  it('drops a byte order mark', () => {
    expect(linesOf('\ufeff{"a":1}\n\ufeffb\n').map(({ text }) => text)).toEqual(['{"a":1}', '\ufeffb']);
  });

  it('puts lines together over the borders of chunks, also inside a character', () => {
    const lines = Array.from({ length: 700 }, (_, i) => 'ü€𝄞'.repeat(i % 400) + i);
    expect(linesOf(`${lines.join('\n')}\n`).map(({ text }) => text)).toEqual(lines);
    const long = `${'x'.repeat(1024 * 1024 - 1)}€`;
    expect(linesOf(`${long}\nb`).map(({ text }) => text)).toEqual([long, 'b']);
  });

  it('keeps nothing of a line that is too long, and goes on behind it', () => {
    const lines = linesOf(`a\n${'x'.repeat(3_000_000)}\nb\n${'y'.repeat(50)}`, { maxLineBytes: 20 });
    expect(lines.map(({ text, bytes, isTooLong }) => [text, bytes, isTooLong])).toEqual([
      ['a', 1, false],
      ['', 3_000_000, true],
      ['b', 1, false],
      ['', 50, true],
    ]);
  });

  it('shows every byte once', () => {
    const content = Buffer.from(Array.from({ length: 2_500_000 }, (_, i) => (i % 97 === 0 ? 10 : 65 + (i % 26))));
    const chunks: Buffer[] = [];
    linesOf(content, { onChunk: (chunk) => chunks.push(Buffer.from(chunk)) });
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });
});
