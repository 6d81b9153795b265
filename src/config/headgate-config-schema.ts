import { z } from 'zod';
import { gatewaySchema } from './gateway-config.ts';
import { azureResourceSchema, customModelSchema, schedulerLimitsSchema, userLimitsSchema } from './headgate-config-azure.ts';
import { field, name } from './headgate-config-fields.ts';
import { domainSchema, modelSchema } from './headgate-config-models.ts';
import { globalSchema, poolSchema, providerSchema } from './headgate-config-pool.ts';
import { telemetrySchema } from './telemetry-config.ts';
import { limitsStoreSchema, pricesSchema, tenantsSchema } from './tenants-config.ts';

/** The whole file, as it is after spelling and references are resolved. */
export const headgateConfigSchema = z.strictObject({
  models: field(z.record(name("a model's id"), modelSchema, 'expected models by id').default({}), 'Models by the id that callers use.'),
  domains: field(
    z.record(name('a name'), domainSchema, 'expected domains by name').default({}),
    "Quota domains: an organisation's limit over several deployments.",
  ),
  providers: field(
    z.record(name("a provider's name"), providerSchema, 'expected providers by name').default({}),
    'Providers with several keys; each key becomes a deployment of its models.',
  ),
  pool: field(poolSchema.prefault({}), 'The pool of clients.'),
  global: field(globalSchema.prefault({}), 'What holds for everything.'),
  azureOpenAi: field(
    z.array(azureResourceSchema, 'expected a list of Azure resources').readonly().default([]),
    'Azure resources; each of their models becomes a deployment.',
  ),
  customModels: field(
    z.array(customModelSchema, 'expected a list of models').readonly().default([]),
    "Models that the user's own code calls.",
  ),
  userLimits: field(
    userLimitsSchema.optional(),
    'How much one user may ask for; at the gateway, each tenant that has no `userLimits` of its own.',
    {
      otherwise: 'no limit',
    },
  ),
  schedulerLimits: field(schedulerLimitsSchema.optional(), 'How many requests wait, and how long.', { otherwise: 'no limit' }),
  gateway: field(gatewaySchema.prefault({}), "The gateway's own process."),
  tenants: field(tenantsSchema, 'Who calls the gateway, and what each may do; a key is made with `headgate keys create --tenant <name>`.'),
  prices: field(pricesSchema, 'What models cost, by id: for budgets, telemetry and metrics.'),
  limitsStore: field(limitsStoreSchema, 'A Redis server that counts the requests of tenants and keeps what they spent.', {
    otherwise: "requests in the gateway's memory, spending in its database",
  }),
  telemetry: field(telemetrySchema.prefault({}), 'What the gateway keeps and sends of its calls.'),
});

/** A configuration as one writes it; files and plain objects may write the keys in snake_case too. */
export type HeadgateConfigInput = z.input<typeof headgateConfigSchema>;
/** @internal after validation, before keys and resources became deployments */
export type CheckedConfig = z.output<typeof headgateConfigSchema>;
