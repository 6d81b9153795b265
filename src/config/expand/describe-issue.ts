import { z } from 'zod';
import { namesUser } from '../../lib/names-user.ts';
import { type ConfigPath, type Problem, pathText } from '../headgate-config-problems.ts';
import { maskUrl } from './mask-key.ts';
import { unknownKey } from './near-key.ts';
import { isPlainMap, valueAt } from './plain-data.ts';

type Issue = z.core.$ZodIssue;

/** Suggestions are looked for as long as somebody will read them. */
const MOST_KEYS = 20;

const WORDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  int: 'a whole number',
};

/** What zod says where a schema says nothing itself. */
export function wordsFor(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') {
    const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
    // A line for each key: `problemsOf` takes them apart again.
    return issue.keys
      .slice(0, MOST_KEYS)
      .map((key: string) => unknownKey(key, known))
      .join('\n');
  }
  if (issue.code === 'invalid_type') return `expected ${WORDS[issue.expected] ?? `a ${issue.expected}`}`;
  return undefined;
}

/** Problems as a reader sees them. `written` is the configuration before references were resolved: what may be shown of it. */
export function problemsOf(issues: readonly Issue[], written: unknown, origins: ReadonlyMap<string, string>): Problem[] {
  return issues.flatMap((issue) => problemsOfOne(issue, [], written, origins));
}

function problemsOfOne(issue: Issue, base: ConfigPath, written: unknown, origins: ReadonlyMap<string, string>): Problem[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'number' ? step : String(step)))];
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, index) => {
      if (mayBeKey(key)) return { path, message: 'unknown key, which looks like an API key', ofKey: true };
      return { path: [...path, key], message: messages[index] ?? 'unknown key', ofKey: true };
    });
  }
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? issue.message, ofKey: true }];
  if (issue.code === 'invalid_union') {
    const branch = mostTelling(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => problemsOfOne(inner, path, written, origins));
  }
  const value = valueAt(written, path);
  const origin = origins.get(pathText(path));
  if (value === undefined && origin === undefined) return [{ path, message: `missing; ${issue.message}` }];
  return [{ path, message: issue.message + notWhat(path, value, origin) }];
}

/** The branch of a union that got furthest, or that at least takes this type; undefined where all fail alike. */
function mostTelling(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depth = (branch: readonly Issue[]): number => Math.max(0, ...branch.map(({ path }) => path.length));
  const deepest = [...branches].sort((a, b) => depth(b) - depth(a))[0];
  if (deepest !== undefined && depth(deepest) > 0) return deepest;
  return branches.find((branch) => branch.some(({ code }) => code === 'unrecognized_keys'));
}

function notWhat(path: ConfigPath, value: unknown, origin: string | undefined): string {
  if (origin !== undefined) return `, not what the environment variable ${origin} holds`;
  if (path.some((step) => step === 'apiKey' || step === 'apiKeys' || step === 'headers' || step === 'connectionString')) return '';
  return `, not ${shown(value)}`;
}

const LONGEST_SHOWN = 60;

/** A value as an error may show it: no contents of maps and lists, and no text that might be a key. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isPlainMap(value)) return 'a map';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'string') return String(value);
  if (/^\s*https?:/i.test(value)) return maskUrl(value);
  if (namesUser(value)) return 'this text';
  if (value.length > LONGEST_SHOWN || mayBeKey(value) || /\S{20,}/.test(value)) return 'this text';
  return JSON.stringify(value);
}

/** Whether a text looks like a key: by its beginning, or because it is long and without meaning. */
function mayBeKey(text: string): boolean {
  return /^(sk|pk|rk|gsk|key|bearer)[-_ ]/i.test(text) || /^(?=\S*\d)(?=\S*[A-Za-z])\S{24,}$/.test(text);
}
