import { type Problem, pathText } from '../headgate-config-problems.ts';
import { type Environment, variable } from './environment.ts';
import { isPlainMap, type PlainMap } from './plain-data.ts';

/** A tree in which variables stand for what was left out, and which value came from which variable. */
interface Filled {
  readonly value: unknown;
  readonly origins: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

const FAMILIAR = ['anthropic', 'openai'];

/** The variables that stand in for a section under `providers`: `OPENAI_API_KEY` and so on. */
function variablesOf(section: string): string {
  return section.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
}

/**
 * The sections under `providers` that the environment describes by itself: those with a key and a model
 * (`OPENAI_API_KEY` and `OPENAI_MODEL`, `ANTHROPIC_…`); where none has both, those with a key, so that an error says what is missing.
 */
export function providersInEnvironment(environment: Environment): Readonly<Record<string, PlainMap>> {
  const has = (section: string, what: string): boolean => variable(environment, `${variablesOf(section)}_${what}`) !== undefined;
  const withKey = FAMILIAR.filter((section) => has(section, 'API_KEY'));
  const complete = withKey.filter((section) => has(section, 'MODEL'));
  return Object.fromEntries((complete.length > 0 ? complete : withKey).map((section) => [section, {}]));
}

/** Fills in what sections under `providers`, and `pool`, leave out and variables say. */
export function withEnvironmentDefaults(root: unknown, environment: Environment): Filled {
  const origins = new Map<string, string>();
  const problems: Problem[] = [];

  function fill(map: unknown, path: readonly string[], fields: Readonly<Record<string, readonly [string, 'text' | 'number']>>): unknown {
    if (map !== undefined && !isPlainMap(map)) return map;
    const filled: Record<string, unknown> = { ...map };
    for (const [key, [name, kind]] of Object.entries(fields)) {
      const text = variable(environment, name);
      if (text === undefined || isGiven(filled[key])) continue;
      const at = [...path, key];
      filled[key] = kind === 'text' ? text : Number(text);
      if (Number.isNaN(filled[key])) problems.push({ path: at, message: `expected a number in the environment variable ${name}` });
      origins.set(pathText(at), name);
    }
    return map === undefined && Object.keys(filled).length === 0 ? undefined : filled;
  }

  function section(name: string, given: unknown): unknown {
    const prefix = variablesOf(name);
    const path = ['providers', name];
    const filled = fill(given, path, { apiKeys: [`${prefix}_API_KEY`, 'text'], models: [`${prefix}_MODEL`, 'text'] });
    if (!isPlainMap(filled)) return filled;
    const settings = fill(filled['settings'], [...path, 'settings'], {
      baseUrl: [`${prefix}_BASE_URL`, 'text'],
      temperature: [`${prefix}_TEMPERATURE`, 'number'],
      maxTokens: [`${prefix}_MAX_TOKENS`, 'number'],
    });
    return settings === undefined ? filled : { ...filled, settings };
  }

  if (!isPlainMap(root)) return { value: root, origins, problems };
  const tree: Record<string, unknown> = { ...root };
  if (isPlainMap(root['providers'])) {
    tree['providers'] = Object.fromEntries(Object.entries(root['providers']).map(([name, given]) => [name, section(name, given)]));
  }
  const pool = fill(root['pool'], ['pool'], { minSize: ['LLM_POOL_MIN_SIZE', 'number'], maxSize: ['LLM_POOL_MAX_SIZE', 'number'] });
  if (pool !== undefined) tree['pool'] = pool;
  return { value: tree, origins, problems };
}

/** A list of keys that are all empty is none. */
function isGiven(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => item !== '' && item !== null);
  return value !== undefined && value !== '';
}
