import type { HeadgateConfig, TenantEntry, UserLimits } from '../../config/headgate-config-types.ts';

const HIGHEST_PRIORITY = 10;

/** What one tenant may do; its weight is the engine's. */
interface TenantRule {
  readonly priorityCeiling: number;
  /** Undefined: all. */
  readonly models: ReadonlySet<string> | undefined;
  readonly userLimits: UserLimits | undefined;
}

/** What tenants may do; those that the configuration doesn't name may do everything within the top-level `userLimits`. */
export class TenantRules {
  readonly #rules: ReadonlyMap<string, TenantRule>;
  readonly #others: TenantRule;

  constructor({ tenants, userLimits }: Pick<HeadgateConfig, 'tenants' | 'userLimits'>) {
    this.#rules = new Map(Object.entries(tenants).map(([name, tenant]) => [name, ruleOf(tenant, userLimits)]));
    this.#others = ruleOf({}, userLimits);
  }

  of(tenant: string): TenantRule {
    return this.#rules.get(tenant) ?? this.#others;
  }

  mayUse(tenant: string, model: string): boolean {
    return this.of(tenant).models?.has(model) ?? true;
  }
}

function ruleOf({ priorityCeiling = HIGHEST_PRIORITY, models, userLimits }: TenantEntry, top: UserLimits | undefined): TenantRule {
  return { priorityCeiling, models: models && new Set(models), userLimits: userLimits ?? top };
}
