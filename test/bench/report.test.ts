import { describe, expect, it } from 'vitest';
import { betweenMarkers, replaceBetweenMarkers } from '../../bench/report/documents.ts';
import { format, formatTarget } from '../../bench/report/format.ts';
import { line, reached, worst } from '../../bench/report/line.ts';
import { median, quantile, ratios } from '../../bench/report/statistics.ts';
import { lineTable, markdownTable } from '../../bench/report/table.ts';

describe('statistics of repetitions', () => {
  it('takes the middle value, or the mean of the two middle ones', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('interpolates quantiles between ranks and leaves the list as it was', () => {
    const values = [40, 10, 20, 30];
    expect(quantile(values, 0)).toBe(10);
    expect(quantile(values, 1)).toBe(40);
    expect(quantile(values, 0.25)).toBeCloseTo(17.5);
    expect(values).toEqual([40, 10, 20, 30]);
  });

  it('divides repetitions that ran next to each other', () => {
    expect(ratios([10, 30], [5, 10])).toEqual([2, 3]);
    expect(ratios([10], [])[0]).toBeNaN();
  });
});

describe('a line of the table', () => {
  it('is judged by its median', () => {
    const values = [0.4, 0.6, 0.7];
    expect(reached(line('g', 'n', '×', values, { atLeast: 0.6 }))).toBe(true);
    expect(reached(line('g', 'n', '×', values, { atLeast: 0.61 }))).toBe(false);
    expect(reached(line('g', 'n', '×', values, { atMost: 0.5 }))).toBe(false);
    expect(reached(line('g', 'n', '×', values, { below: 0.6 }))).toBe(false);
    expect(reached(line('g', 'n', '×', values))).toBe(true);
  });

  it('is judged by its worst repetition where a promise holds in every run', () => {
    expect(reached(worst('g', 'refusals', 'count', [0, 0, 1], { atMost: 0 }))).toBe(false);
    expect(reached(worst('g', 'share', 'share', [0.99, 0.97, 0.99], { atLeast: 0.98 }))).toBe(false);
    expect(reached(worst('g', 'refusals', 'count', [0, 0], { atMost: 0 }))).toBe(true);
  });

  it('misses its target when a figure is no number or there is none', () => {
    expect(reached(line('g', 'n', 'ms', [Number.NaN], { atMost: 5 }))).toBe(false);
    expect(reached(line('g', 'n', 'ms', [], { atLeast: 5 }))).toBe(false);
    expect(reached(worst('g', 'n', 'count', [0, Number.NaN], { atMost: 0 }))).toBe(false);
  });
});

describe('figures as text', () => {
  it('never rounds a share up to a target that it did not reach', () => {
    expect(format(0.97999, 'share')).toBe('0.979');
    expect(format(0.98, 'share')).toBe('0.980');
    expect(format(1, 'share')).toBe('1.000');
  });

  it('shows three digits, whole thousands, and a dash for nothing', () => {
    expect(format(0.512, '×')).toBe('0.51 ×');
    expect(format(12.34, 'µs')).toBe('12.3 µs');
    expect(format(123.4, 'ms')).toBe('123 ms');
    expect(format(123_456.7, 'per second')).toBe('123,457/s');
    expect(format(Number.NaN, 'ms')).toBe('–');
  });

  it('writes targets in the unit of the line', () => {
    expect(formatTarget({ atLeast: 0.98 }, 'share')).toBe('≥ 0.98');
    expect(formatTarget({ below: 20 }, 'MB')).toBe('< 20 MB');
    expect(formatTarget(undefined, 'MB')).toBe('');
  });
});

describe('the table', () => {
  it('names a group once, marks misses, and leaves out the spread of one value', () => {
    const text = lineTable([
      line('Engine', 'fast', 'ms', [1, 2, 3], { below: 5 }),
      line('Engine', 'slow', 'ms', [9], { below: 5 }, '1,000 requests'),
      line('Other', 'shown', 'count', [1234]),
    ]);
    const rows = text.split('\n').map((row) =>
      row
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
    expect(rows.slice(2)).toEqual([
      ['Engine', 'fast', '2.00 ms', '1.00 ms … 3.00 ms', '< 5 ms', 'yes'],
      ['', 'slow (1,000 requests)', '9.00 ms', '', '< 5 ms', '**no**'],
      ['Other', 'shown', '1,234', '', '', ''],
    ]);
  });

  it('has columns of one width', () => {
    const widths = markdownTable(
      ['a', 'b'],
      [
        ['µµµµµ', '1'],
        ['x', '22222'],
      ],
    )
      .split('\n')
      .map((row) => [...row].length);
    expect(new Set(widths).size).toBe(1);
  });
});

describe('the tables in the documents', () => {
  const document = 'before\n<!-- benchmarks:start -->\nold\n<!-- benchmarks:end -->\nafter\n';

  it('replaces what lies between the markers and nothing else', () => {
    const changed = replaceBetweenMarkers(document, 'benchmarks', 'new');
    expect(betweenMarkers(changed, 'benchmarks')).toBe('new');
    expect(changed.startsWith('before\n')).toBe(true);
    expect(changed.endsWith('\nafter\n')).toBe(true);
    expect(replaceBetweenMarkers(changed, 'benchmarks', 'new')).toBe(changed);
  });

  it('refuses a document without markers, or with them the wrong way round', () => {
    expect(() => betweenMarkers('nothing', 'benchmarks')).toThrow('benchmarks:start');
    expect(() => betweenMarkers('<!-- benchmarks:end --><!-- benchmarks:start -->', 'benchmarks')).toThrow('benchmarks:start');
  });
});
