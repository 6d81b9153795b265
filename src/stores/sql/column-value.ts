import { textOf } from '../../domain/errors.ts';

export type ColumnKind = 'text' | 'bigint' | 'double precision' | 'boolean';
export type SqlValue = string | number | boolean | null;

/** A value that every database takes for a column of this kind, whatever it was: one that it refused would hold up all others. */
export function columnValue(kind: ColumnKind, value: unknown): SqlValue {
  if (value === undefined || value === null) return null;
  if (kind === 'text') return storable(textOf(value));
  if (kind === 'boolean') return value === true;
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  if (kind === 'double precision') return value;
  const whole = Math.round(value);
  return Number.isSafeInteger(whole) ? whole : null;
}

/** Postgres takes no NUL in a text, and neither takes half of a pair of surrogates. */
const UNSTORABLE = /[\0\p{Surrogate}]/gu;

function storable(text: string): string {
  return text.replace(UNSTORABLE, '\u{FFFD}');
}
