import { type ConfigPath, type Problem, pathText } from '../headgate-config-problems.ts';
import { isPlainMap } from './plain-data.ts';

/** Variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const WHOLE = /^env:([A-Za-z_]\w*)$/;
/** `$${`, a reference, or what begins like one. */
const INSIDE = /\$(\$\{|\{([A-Za-z_]\w*)\}|\{)/g;
/** What people write for a reference, where no key can look like it. */
const SHELL_STYLE = /^(?:\$[A-Za-z_]\w*|env:.*)$/;
const MALFORMED = `expected a reference as \${NAME}, closed and of letters, digits and _; $\${ stands for the characters themselves`;

/** A variable's value; one that is empty counts as not set. */
export function variable(environment: Environment, name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name]?.trim() : undefined;
  return value === '' ? undefined : value;
}

/** What is left once references are resolved. */
interface Resolved {
  readonly value: unknown;
  /** Variables that are not set, where they are asked for. */
  readonly missing: readonly (Problem & { readonly variable: string })[];
  /** References that are none, as `${NAME` without its end. */
  readonly malformed: readonly Problem[];
  /** Which variable a value came from, by the text of its path: such a value is never shown. */
  readonly origins: ReadonlyMap<string, string>;
}

/** Puts in what `${NAME}`, inside a text too, and `env:NAME`, as a whole text, refer to. `$${` is a plain `${`. */
export function resolveReferences(root: unknown, environment: Environment): Resolved {
  const missing: (Problem & { variable: string })[] = [];
  const malformed: Problem[] = [];
  const origins = new Map<string, string>();

  function lookUp(name: string, path: ConfigPath): string {
    const value = variable(environment, name);
    origins.set(pathText(path), name);
    if (value === undefined) {
      missing.push({ path, variable: name, message: `the environment variable ${name} is not set` });
    }
    return value ?? '';
  }

  function resolve(value: unknown, path: ConfigPath): unknown {
    if (typeof value === 'string') {
      const [, whole] = WHOLE.exec(value) ?? [];
      if (whole !== undefined) return lookUp(whole, path);
      if (isOfKey(path) && SHELL_STYLE.test(value)) malformed.push({ path, message: `${MALFORMED}, or env:NAME` });
      return value.replace(INSIDE, (_, rest: string, name: string | undefined) => {
        if (name !== undefined) return lookUp(name, path);
        if (rest === '{') malformed.push({ path, message: MALFORMED });
        return rest;
      });
    }
    if (Array.isArray(value)) return value.map((item: unknown, index) => resolve(item, [...path, index]));
    if (!isPlainMap(value) || path.at(-1) === 'balancer') return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, [...path, key])]));
  }

  return { value: resolve(root, []), missing, malformed, origins };
}

function isOfKey(path: ConfigPath): boolean {
  return path.some((step) => step === 'apiKey' || step === 'apiKeys');
}
