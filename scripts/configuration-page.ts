import { z } from 'zod';
import { gatewaySchema } from '../src/config/gateway-config.ts';
import {
  azureModelSchema,
  azureResourceSchema,
  customModelSchema,
  schedulerLimitsSchema,
  userLimitsSchema,
} from '../src/config/headgate-config-azure.ts';
import {
  circuitSchema,
  deploymentSchema,
  domainSchema,
  modelSchema,
  retrySchema,
  tenantSchema,
} from '../src/config/headgate-config-models.ts';
import { globalSchema, keyLimitsSchema, poolSchema, providerSchema, settingsSchema } from '../src/config/headgate-config-pool.ts';
import { headgateConfigSchema } from '../src/config/headgate-config-schema.ts';
import { rateLimiterConfigSchema } from '../src/config/rate-limiter-config.ts';
import { openTelemetrySchema, telemetrySchema } from '../src/config/telemetry-config.ts';
import { budgetSchema, gatewayTenantSchema, moneyBudgetSchema, priceSchema, tokenBudgetSchema } from '../src/config/tenants-config.ts';
import { CONFIGURATION_GUIDE } from './configuration-guide.ts';

/** What the page needs of a JSON schema. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly otherwise?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly required?: readonly string[];
}

/** The maps of the file in reading order, and what each is called. */
const SECTIONS: readonly (readonly [title: string, schema: z.ZodType, note?: string])[] = [
  ['The file', headgateConfigSchema],
  ['models.&lt;id&gt;', modelSchema],
  ['models.&lt;id&gt;.deployments[]', deploymentSchema],
  ['rateLimiters[]', rateLimiterConfigSchema, 'Of a model, a deployment or a domain. [Limits](limits.md) says what each kind guarantees.'],
  ['deployments[].circuit', circuitSchema],
  ['models.&lt;id&gt;.retry', retrySchema],
  ['models.&lt;id&gt;.tenants.&lt;name&gt;', tenantSchema],
  ['domains.&lt;name&gt;', domainSchema],
  ['providers.&lt;name&gt;', providerSchema],
  ['providers.&lt;name&gt;.rateLimits', keyLimitsSchema],
  ['providers.&lt;name&gt;.settings', settingsSchema],
  ['pool', poolSchema],
  ['global', globalSchema],
  ['azureOpenAi[]', azureResourceSchema],
  ['azureOpenAi[].azureOaiModels[]', azureModelSchema],
  ['customModels[]', customModelSchema],
  ['userLimits', userLimitsSchema],
  ['schedulerLimits', schedulerLimitsSchema],
  ['gateway', gatewaySchema],
  ['tenants.&lt;name&gt;', gatewayTenantSchema, 'Of the gateway. [Tenants](tenants.md) says what each does.'],
  ['tenants.&lt;name&gt;.budget', budgetSchema],
  ['tenants.&lt;name&gt;.budget.tokens', tokenBudgetSchema],
  ['tenants.&lt;name&gt;.budget.money', moneyBudgetSchema],
  ['prices.&lt;model&gt;', priceSchema],
  ['telemetry', telemetrySchema, 'Of the gateway. [Telemetry](telemetry.md) says what is kept and sent.'],
  ['telemetry.openTelemetry', openTelemetrySchema],
];

/** The engine's own schema of a limit carries no descriptions. */
const LIMITER: Readonly<Record<keyof typeof rateLimiterConfigSchema.shape, Node>> = {
  type: { description: 'What is counted: requests, tokens, input or output tokens per minute or day, or calls at once.' },
  limit: { description: 'The most in a window, or at once.' },
  timePeriod: { description: 'The window.', unit: 's', otherwise: '60 for `…m`, 86400 for `…d`' },
  algorithm: { description: 'How it is counted.', otherwise: '`sliding-window`' },
  burst: { description: 'Size of a token bucket; no window exceeds the limit.', otherwise: 'a tenth of the limit' },
  timeZone: { description: 'Where a calendar day begins, as `America/Los_Angeles`.', otherwise: '`UTC`' },
  subWindowSeconds: { description: 'The provider enforces the limit over stretches of this length too.', unit: 's', otherwise: 'none' },
  refund: { description: 'Whether the provider gives back what was estimated and not used.', otherwise: '`true`' },
  chargedUpFront: { description: 'Whether it charges its own estimate and never corrects it.', otherwise: "the provider's rule" },
  countedWithinMs: {
    type: 'number',
    minimum: 0,
    description: 'How late it may count a call.',
    unit: 'ms',
    otherwise: "the provider's, else 1000; 200 for windows up to 10 s",
  },
  domain: { description: 'Limits of one domain and type are one, whatever uses them.', otherwise: 'none' },
};

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const sections = SECTIONS.map(([title, schema, note]) => `### ${title}\n\n${note === undefined ? '' : `${note}\n\n`}${tableOf(schema)}`);
  return `${CONFIGURATION_GUIDE}\n${sections.join('\n')}`;
}

function tableOf(schema: z.ZodType): string {
  // The two types describe the same JSON.
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;
  const rows = Object.entries(properties).map(([key, found]) => {
    const node = {
      ...found,
      ...(schema === rateLimiterConfigSchema && Object.hasOwn(LIMITER, key) && LIMITER[key as keyof typeof LIMITER]),
    };
    if (node.description === undefined) throw new Error(`Nothing is said of '${key}'.`);
    const unit = node.unit === undefined ? '' : `, ${node.unit}`;
    return `| \`${key}\` | ${typeText(node)}${unit} | ${defaultText(node, required.includes(key))} | ${node.description} |\n`;
  });
  return `| key | value | default | |\n|---|---|---|---|\n${rows.join('')}`;
}

function typeText(node: Node): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(' ');
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(typeText))].join(' or ');
  switch (node.type) {
    case 'integer':
      return `whole number${rangeText(node)}`;
    case 'number':
      return `number${rangeText(node)}`;
    case 'boolean':
      return '`true` `false`';
    case 'array':
      return `list of ${plural(node.items ?? {})}`;
    case 'object':
      return node.properties === undefined ? 'map by name' : 'map';
    case 'string':
      return 'text';
    default:
      return 'text or object';
  }
}

function plural(node: Node): string {
  if (node.anyOf !== undefined) return node.anyOf.map(plural).join(' and ');
  return typeText(node).replace(/^(map|text|list)\b/, '$1s');
}

function rangeText({ minimum, maximum = Number.MAX_SAFE_INTEGER, exclusiveMinimum }: Node): string {
  const least = exclusiveMinimum === undefined ? (minimum === undefined ? '' : ` ≥ ${minimum}`) : ` > ${exclusiveMinimum}`;
  return maximum === Number.MAX_SAFE_INTEGER ? least : `${least} ≤ ${maximum}`;
}

function defaultText(node: Node, isRequired: boolean): string {
  if (node.otherwise !== undefined) return /^(\d+(\.\d+)?|true|false)$/.test(node.otherwise) ? `\`${node.otherwise}\`` : node.otherwise;
  const value = node.default;
  if (value !== undefined && (typeof value !== 'object' || value === null)) return `\`${String(value)}\``;
  return isRequired ? '**required**' : '–';
}
