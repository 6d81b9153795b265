const GAP = '  ';
const NARROWEST = 24;

/** One answer with its heading. */
export interface Column {
  readonly heading: string;
  readonly text: string;
}

/** Answers in columns, or one below the other where the width leaves less than 24 characters for each. */
export function sideBySide(columns: readonly Column[], width: number): string[] {
  const each = Math.floor((width - GAP.length * (columns.length - 1)) / columns.length);
  if (each < NARROWEST) return columns.flatMap(({ heading, text }) => [heading, ...text.split('\n'), '']);
  const cells = columns.map(({ heading, text }) => [...wrapped(heading, each), '', ...wrapped(text, each)]);
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    cells
      .map((lines) => (lines[row] ?? '').padEnd(each))
      .join(GAP)
      .trimEnd(),
  );
}

/** Breaks lines at spaces; a word that is longer than a line is cut. */
export function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const rows: string[] = [];
    let row = '';
    for (const word of line.split(' ')) {
      const longer = row === '' ? word : `${row} ${word}`;
      if (longer.length <= width) {
        row = longer;
        continue;
      }
      if (row !== '') rows.push(row);
      row = word;
      while (row.length > width) {
        rows.push(row.slice(0, width));
        row = row.slice(width);
      }
    }
    return [...rows, row];
  });
}
