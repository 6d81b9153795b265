import { z } from 'zod';
import { userLimitsSchema } from './headgate-config-azure.ts';
import { field, name } from './headgate-config-fields.ts';
import { isTimeZone, whole } from './rate-limiter-config.ts';

const LONGEST_NAME = 100;

/** What a tenant may be called: it stands in headers, in metrics and in paths. */
export function isTenantName(text: string): boolean {
  return text.length <= LONGEST_NAME && /^[A-Za-z0-9][A-Za-z0-9._:@/-]*$/.test(text);
}

/** Says it where something else was given. */
export const TENANT_NAME = `expected a tenant's name: at most ${LONGEST_NAME} letters, digits and . _ : @ / -, beginning with a letter or digit`;

const PRIORITY = 'expected a priority, a whole number from −10 to 10';
const positive = (what: string): z.ZodNumber => z.number(`expected ${what} > 0`).positive(`expected ${what} > 0`);
const price = (what: string): z.ZodNumber => z.number(`expected ${what}, ≥ 0`).nonnegative(`expected ${what}, ≥ 0`);

export const tokenBudgetSchema = z.strictObject({
  perDay: field(whole('a number of tokens').optional(), 'Input and output tokens in a calendar day.', { otherwise: 'no limit' }),
  perMonth: field(whole('a number of tokens').optional(), 'The same in a calendar month.', { otherwise: 'no limit' }),
});

export const moneyBudgetSchema = z.strictObject({
  perDay: field(positive('an amount').optional(), 'What the calls of a calendar day may cost, by `prices`.', { otherwise: 'no limit' }),
  perMonth: field(positive('an amount').optional(), 'The same in a calendar month.', { otherwise: 'no limit' }),
  currency: field(
    z
      .string('expected a currency such as USD')
      .regex(/^[A-Z]{3}$/, 'expected a currency of three capital letters, such as USD')
      .default('USD'),
    'What the prices are in; it is only shown, nothing is converted.',
  ),
});

export const budgetSchema = z.strictObject({
  tokens: field(tokenBudgetSchema.optional(), 'How many tokens it may use.'),
  money: field(moneyBudgetSchema.optional(), 'What it may cost.'),
});

/** What the gateway lets one tenant do. */
export const gatewayTenantSchema = z.strictObject({
  weight: field(
    positive('a weight').optional(),
    "Its share of each model's tokens while others wait too; a model's own `tenants` go first.",
    {
      otherwise: '1',
    },
  ),
  priorityCeiling: field(
    z.int(PRIORITY).min(-10, PRIORITY).max(10, PRIORITY).optional(),
    'The highest priority that its requests get; a higher one is lowered to it.',
    { otherwise: '10' },
  ),
  models: field(
    z.array(name("a model's id"), "expected a list of models' ids").readonly().optional(),
    'The models that it may ask for. What they fall back to may answer in their place.',
    { otherwise: 'all' },
  ),
  userLimits: field(
    userLimitsSchema.optional(),
    'How many requests it may send in a window; `{}` turns on 40 in 60 s. Lines of batches are not counted.',
    {
      otherwise: 'the top-level `userLimits`',
    },
  ),
  budget: field(budgetSchema.optional(), 'What it may use up.', { otherwise: 'no limit' }),
  timeZone: field(
    z.string('expected a time zone').refine(isTimeZone, 'expected a time zone such as America/Los_Angeles').optional(),
    'Where the days and months of its budget begin.',
    { otherwise: '`UTC`' },
  ),
});

/** What a model costs. */
export const priceSchema = z.strictObject({
  input: field(price('a price'), 'For 1,000,000 input tokens.'),
  output: field(price('a price'), 'For 1,000,000 output tokens.'),
  cachedInput: field(price('a price').optional(), 'For 1,000,000 input tokens that were read from a cache.', { otherwise: 'as `input`' }),
});

/** A tenant as the gateway reads it. */
export type TenantEntry = z.output<typeof gatewayTenantSchema>;
export type ModelPrice = z.output<typeof priceSchema>;

export const tenantsSchema = z
  .record(z.string().refine(isTenantName, TENANT_NAME), gatewayTenantSchema, 'expected tenants by name')
  .default({});

export const pricesSchema = z.record(name("a model's id"), priceSchema, 'expected prices by model').default({});

export const limitsStoreSchema = z
  .string('expected a URL of a Redis server')
  .refine(isRedisUrl, 'expected a URL of a Redis server, as redis://host:6379 or rediss://user:password@host:6379/0')
  .optional();

function isRedisUrl(text: string): boolean {
  return URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol) && new URL(text).hostname !== '';
}
