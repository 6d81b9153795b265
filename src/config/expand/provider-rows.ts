import { counted } from '../../lib/counted.ts';
import type { ConfigPath, Problem } from '../headgate-config-problems.ts';
import type { CheckedConfig } from '../headgate-config-schema.ts';

type Section = CheckedConfig['providers'][string];
export type KeyLimits = Exclude<NonNullable<Section['rateLimits']>, readonly unknown[]>;

/** One key with what it serves and may. */
interface Row {
  readonly key: string | undefined;
  /** Its place among the keys as they are written. */
  readonly index: number;
  readonly models: readonly string[];
  readonly limits: KeyLimits | undefined;
}

/**
 * Who belongs together. One model, or one set of limits, is every key's; otherwise there is one for each key. A single key serves all
 * models there are, by one set of limits together or by one each.
 */
export function rowsOf({ apiKeys, models, rateLimits }: Section, path: ConfigPath): { rows: readonly Row[]; problem?: Problem } {
  const written = apiKeys === undefined ? [] : [apiKeys].flat();
  const given = written.flatMap((key, index) => (key === '' ? [] : [{ key, index }]));
  const keys: readonly { key: string | undefined; index: number }[] = given.length > 0 ? given : [{ key: undefined, index: 0 }];
  const served = models === undefined ? [] : [models].flat().map((entry) => (typeof entry === 'string' ? [entry] : [...new Set(entry)]));
  const limits = rateLimits === undefined ? [] : [rateLimits].flat();
  const refused = (field: string, message: string): { rows: readonly Row[]; problem: Problem } => ({
    rows: [],
    problem: { path: [...path, field], message },
  });

  if (served.length === 0) {
    const variable = `${String(path.at(-1))
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')}_MODEL`;
    return refused('models', `missing; expected the models that the keys are for, or the environment variable ${variable}`);
  }
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) {
    const all = [...new Set(served.flat())];
    if (limits.length <= 1) return { rows: [{ ...only, models: all, limits: limits[0] }] };
    if (limits.length !== served.length) {
      return refused(
        'rateLimits',
        `expected limits once, or once for each of the models, not ${counted(limits.length, 'time')} for ${served.length}`,
      );
    }
    return { rows: served.map((ids, index) => ({ ...only, models: ids, limits: limits[index] })) };
  }
  if (served.length !== 1 && served.length !== keys.length) {
    return refused(
      'models',
      `expected one model, or one for each of the ${counted(keys.length, 'key')}, not ${served.length}; [[a, b]] gives every key both models`,
    );
  }
  if (limits.length > 1 && limits.length !== keys.length) {
    return refused(
      'rateLimits',
      `expected limits once, or once for each of the ${counted(keys.length, 'key')}, not ${counted(limits.length, 'time')}`,
    );
  }
  const pick = <T>(list: readonly T[], index: number): T | undefined => (list.length === 1 ? list[0] : list[index]);
  return { rows: keys.map((key, index) => ({ ...key, models: pick(served, index) ?? [], limits: pick(limits, index) })) };
}
