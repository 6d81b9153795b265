import { format, formatTarget } from './format.ts';
import { type Line, reached } from './line.ts';

/** Rows as a Markdown table whose columns are padded, so that it reads the same on a terminal. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, ...[head, ...rows].map((row) => [...(row[column] ?? '')].length), title.length));
  const draw = (cells: readonly string[]): string => `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0)).join(' | ')} |`;
  return [draw(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(draw)].join('\n');
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - [...text].length));
}

/** The lines of one run. A group's name stands in its first row only. */
export function lineTable(lines: readonly Line[]): string {
  let previous = '';
  const rows = lines.map((line) => {
    const group = line.group === previous ? '' : line.group;
    previous = line.group;
    const verdict = line.target === undefined ? '' : reached(line) ? 'yes' : '**no**';
    const note = line.note === undefined ? '' : ` (${line.note})`;
    const spread = line.min === line.max ? '' : `${format(line.min, line.unit)} … ${format(line.max, line.unit)}`;
    return [group, line.name + note, format(line.median, line.unit), spread, formatTarget(line.target, line.unit), verdict];
  });
  return markdownTable(['', 'what', 'figure', 'spread', 'target', 'reached'], rows);
}
