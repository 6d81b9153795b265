import type { Target, Unit } from './line.ts';

const SUFFIX: Readonly<Record<Unit, string>> = {
  'per second': '/s',
  '×': ' ×',
  µs: ' µs',
  ms: ' ms',
  s: ' s',
  kB: ' kB',
  MB: ' MB',
  share: '',
  count: '',
};

/** A figure as the table shows it: three significant digits, shares with three decimals, large numbers whole with commas. */
export function format(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return '–';
  return `${digits(value, unit)}${SUFFIX[unit]}`;
}

function digits(value: number, unit: Unit): string {
  // Rounded down: a share of 0.9796 must not read as the 0.98 that it did not reach.
  if (unit === 'share') return (Math.floor(value * 1000 + 1e-9) / 1000).toFixed(3);
  if (unit === 'count' || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function formatTarget(target: Target | undefined, unit: Unit): string {
  if (target === undefined) return '';
  if ('atLeast' in target) return `≥ ${plain(target.atLeast)}${SUFFIX[unit]}`;
  if ('atMost' in target) return `≤ ${plain(target.atMost)}${SUFFIX[unit]}`;
  return `< ${plain(target.below)}${SUFFIX[unit]}`;
}

function plain(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 });
}
