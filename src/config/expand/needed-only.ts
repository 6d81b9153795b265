import { type ConfigPath, type Problem, pathText } from '../headgate-config-problems.ts';
import { isPlainMap, valueAt } from './plain-data.ts';

interface Needed {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Leaves out what asks for variables that are not set, if none of the models in `only` (nor their fallbacks) needs it; everything else
 * that is missing is a problem. Without `only`, everything is needed.
 */
export function withoutUnneeded(root: unknown, missing: readonly Problem[], only: readonly string[] | undefined): Needed {
  if (only === undefined || missing.length === 0) return { value: root, problems: missing, warnings: [] };
  const wanted = withFallbacks(root, only);
  const unneeded = new Map<string, ConfigPath>();
  const problems: Problem[] = [];
  for (const problem of missing) {
    const unit = problem.path.slice(0, problem.path[0] === 'telemetry' ? 1 : 2);
    const serves = modelsOf(unit, root);
    if (serves === undefined || serves.some((id) => wanted.has(id))) problems.push(problem);
    else unneeded.set(pathText(unit), unit);
  }
  let value = root;
  // From the last to the first: what is left out of a list moves what follows.
  const units = [...unneeded].sort(([, a], [, b]) => indexOf(b) - indexOf(a));
  for (const [, unit] of units) value = without(value, unit);
  const warnings = units.map(([text]) => `${text} is left out: it refers to a variable that is not set, and no model in use needs it.`);
  return { value, problems, warnings };
}

function indexOf([, key]: ConfigPath): number {
  return typeof key === 'number' ? key : -1;
}

function withFallbacks(root: unknown, only: readonly string[]): Set<string> {
  const wanted = new Set(only);
  for (const id of wanted) {
    const fallbacks = valueAt(root, ['models', id, 'fallbacks']);
    if (Array.isArray(fallbacks)) for (const fallback of fallbacks) wanted.add(String(fallback));
  }
  return wanted;
}

/** The models that an entry is there for; undefined where that can't be said. */
function modelsOf(unit: ConfigPath, root: unknown): readonly string[] | undefined {
  const [section, key] = unit;
  if (section === 'models') return [String(key)];
  if (section === 'providers') {
    const models = valueAt(root, [...unit, 'models']);
    if (models === undefined) return undefined;
    return (Array.isArray(models) ? models.flat(2) : [models]).map(String);
  }
  if (section === 'azureOpenAi') {
    const models = valueAt(root, [...unit, 'azureOaiModels']);
    return Array.isArray(models) ? models.map((model: unknown) => String(valueAt(model, ['uniqueModelId']))) : undefined;
  }
  // Calls need none, only the gateway does.
  if (section === 'limitsStore' || section === 'telemetry') return [];
  return undefined;
}

function without(root: unknown, [section = '', key]: ConfigPath): unknown {
  if (!isPlainMap(root)) return root;
  const entries = root[section];
  if (key === undefined) return { ...root, [section]: undefined };
  if (Array.isArray(entries)) return { ...root, [section]: entries.filter((_, index) => index !== key) };
  if (!isPlainMap(entries)) return root;
  return { ...root, [section]: Object.fromEntries(Object.entries(entries).filter(([name]) => name !== key)) };
}
