import { maskUrl } from '../../config/expand/mask-key.ts';
import type { HeadgateConfig, TenantEntry } from '../../config/headgate-config-types.ts';
import { counted } from '../../lib/counted.ts';

type Budget = NonNullable<TenantEntry['budget']>;

/** What each tenant may do, a row each, and where that is counted. */
export function tenantRows({ tenants, userLimits, limitsStore }: HeadgateConfig): string[][] {
  const rows = Object.entries(tenants).map(([name, tenant]) => [name, textOf(tenant, userLimits)]);
  return limitsStore === undefined ? rows : [...rows, ['counted in', maskUrl(limitsStore.url)]];
}

function textOf(
  { weight = 1, priorityCeiling, models, budget = {}, timeZone = 'UTC', ...own }: TenantEntry,
  top: HeadgateConfig['userLimits'],
): string {
  const limits = own.userLimits ?? top;
  const budgets = budgetTexts(budget);
  return [
    `weight ${weight}`,
    models === undefined ? 'all models' : models.length === 0 ? 'no models' : models.join(', '),
    ...(priorityCeiling === undefined ? [] : [`priority at most ${priorityCeiling}`]),
    ...(limits ? [`${counted(limits.maxNumRequestsInTimeWindow, 'request')} per ${limits.timeWindowInSeconds} s`] : []),
    ...budgets,
    ...(budgets.length > 0 ? [timeZone] : []),
  ].join(' · ');
}

function budgetTexts({ tokens = {}, money }: Budget): string[] {
  const amounts: readonly (readonly [string, number | undefined, string])[] = [
    ['tokens', tokens.perDay, 'day'],
    ['tokens', tokens.perMonth, 'month'],
    [money?.currency ?? '', money?.perDay, 'day'],
    [money?.currency ?? '', money?.perMonth, 'month'],
  ];
  return amounts.flatMap(([unit, amount, period]) =>
    amount === undefined ? [] : [`${amount.toLocaleString('en-US')} ${unit} a ${period}`],
  );
}
