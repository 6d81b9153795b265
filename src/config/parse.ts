import type { z } from 'zod';
import { InvalidConfiguration, textOf } from '../domain/errors.ts';

const LONGEST_VALUE = 80;

/** Parses with zod; a mismatch throws {@link InvalidConfiguration} naming path, value and what was expected. */
export function parseConfiguration<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => describeIssue(issue, value, what));
  const path = pathText(result.error.issues[0]?.path ?? []);
  throw new InvalidConfiguration(lines.join('\n'), path, { cause: result.error });
}

function describeIssue(issue: z.core.$ZodIssue, root: unknown, what: string): string {
  const path = pathText(issue.path);
  const place = path === '' ? what : `${what}: '${path}'`;
  if (issue.code === 'unrecognized_keys') return `${place} has unknown keys: ${issue.keys.join(', ')}.`;
  return `${place} is ${shown(valueAt(root, issue.path))}: ${issue.message}.`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number') return String(value);
  try {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
  } catch {
    return textOf(value);
  }
}
