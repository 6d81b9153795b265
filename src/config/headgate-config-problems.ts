import { InvalidConfiguration } from '../domain/errors.ts';

/** Steps from the root of a configuration to a value in it, keys in camelCase. */
export type ConfigPath = readonly (string | number)[];

/** Something wrong in a configuration. */
export interface Problem {
  readonly path: ConfigPath;
  readonly message: string;
  /** The key is what is wrong, not its value. */
  readonly ofKey?: boolean;
}

/** Says where in a file something stands, as `config.yaml:12:7`; undefined where nobody knows. */
export type Locate = (path: ConfigPath, ofKey: boolean) => string | undefined;

const MOST_SHOWN = 20;

/** Throws `InvalidConfiguration` with a line for each problem, the first one's path as its path. */
export function refuse(problems: readonly Problem[], locate: Locate | undefined): never {
  const lines = problems.slice(0, MOST_SHOWN).map(({ path, message, ofKey = false }) => {
    const place = locate?.(path, ofKey);
    return [place, pathText(path), message].filter((part) => part !== undefined && part !== '').join(': ');
  });
  if (problems.length > MOST_SHOWN) lines.push(`… and ${problems.length - MOST_SHOWN} more.`);
  throw new InvalidConfiguration(lines.join('\n'), pathText(problems[0]?.path ?? []));
}

/** A path as one writes it in code: `models.gpt-4o.rateLimiters[0].limit`, `models["gpt-4.1"]`. */
export function pathText(path: ConfigPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[\w-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
