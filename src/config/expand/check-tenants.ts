import { type Problem, pathText } from '../headgate-config-problems.ts';
import type { CheckedConfig } from '../headgate-config-schema.ts';
import type { ModelEntry } from '../headgate-config-types.ts';
import { suggestion } from './near-key.ts';

type Models = Readonly<Record<string, ModelEntry>>;

/** What is wrong with tenants beyond one field: money that nobody can count. */
export function tenantProblems({ tenants, prices }: Pick<CheckedConfig, 'tenants' | 'prices'>, models: Models): Problem[] {
  const problems: Problem[] = [];
  let currency: string | undefined;
  for (const [tenant, { models: allowed = Object.keys(models), budget }] of Object.entries(tenants)) {
    const { money } = budget ?? {};
    if (money === undefined) continue;
    const path = ['tenants', tenant, 'budget', 'money'];
    currency ??= money.currency;
    if (money.currency !== currency)
      problems.push({ path: [...path, 'currency'], message: `expected ${currency}, as at other tenants: prices are in one currency` });
    const unpriced = withFallbacks(allowed, models).filter((model) => !Object.hasOwn(prices, model));
    if (unpriced.length > 0) {
      const names = unpriced.map((model) => JSON.stringify(model)).join(', ');
      problems.push({ path, message: `expected prices for every model that the tenant may use; there is none for ${names}` });
    }
  }
  return problems;
}

/** Models that tenants may use and that nobody configured; no error, since what no model in use needs may have been left out. */
export function tenantWarnings({ tenants }: Pick<CheckedConfig, 'tenants'>, models: Models): string[] {
  const known = Object.keys(models);
  return Object.entries(tenants).flatMap(([tenant, { models: allowed = [] }]) =>
    allowed.flatMap((model, index) => {
      if (Object.hasOwn(models, model)) return [];
      return [`${pathText(['tenants', tenant, 'models', index])} is none of the models${suggestion(model, known)}`];
    }),
  );
}

/** These models and whatever may answer in their place. */
function withFallbacks(ids: readonly string[], models: Models): string[] {
  const all = new Set(ids.filter((id) => Object.hasOwn(models, id)));
  for (const id of all) for (const fallback of models[id]?.fallbacks ?? []) if (Object.hasOwn(models, fallback)) all.add(fallback);
  return [...all];
}
