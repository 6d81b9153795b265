import fc from 'fast-check';
import { it } from 'vitest';
import { camelCase } from '../../src/config/expand/camel-case.ts';
import { sameValue } from '../../src/config/expand/same-value.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { parseConfigText } from '../../src/config/load-config.ts';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { holds } from '../lib/property.ts';

/** Words of the schemas, so that what is made up gets past the first look. */
const WORDS = [
  ...['models', 'domains', 'providers', 'pool', 'global', 'azure_open_ai', 'customModels', 'user_limits', 'schedulerLimits'],
  ...[
    'deployments',
    'rate_limiters',
    'rateLimits',
    'apiKeys',
    'api_key',
    'provider',
    'type',
    'limit',
    'domain',
    'id',
    'fallbacks',
    'retry',
  ],
  ...[
    'azure_oai_models',
    'unique_model_id',
    'azureEndpoint',
    'max_size',
    'settings',
    'headers',
    'tenants',
    'weight',
    'openai',
    'a',
    '__proto__',
  ],
];

const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    0,
    1,
    -1,
    Number.NaN,
    60,
    true,
    '',
    'rpm',
    'openai',
    'a',
    'https://example.org',
    'env:X',
    `$\{X}`,
    '$${X',
  ),
  fc.double(),
  fc.string(),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 7, depthSize: 'large' },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...WORDS) }, fc.string()), tie('tree'), { maxKeys: 5 }),
  ),
}));

function onlyInvalid(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
  }
}

it('throws InvalidConfiguration or nothing, whatever it is given', () =>
  holds(
    fc.property(fc.oneof(tree, fc.anything({ withDate: true, withMap: true, withNullPrototype: true })), (value) => {
      onlyInvalid(() => parseHeadgateConfig(value, { env: { X: 'x' } }));
    }),
  ));

it('throws InvalidConfiguration or nothing, whatever text it reads', () => {
  const pieces = fc.constantFrom(
    ...WORDS,
    ': ',
    '\n',
    '\n  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a ',
    '*a',
    '!t ',
    '"',
    "'",
    '|',
    '>',
    '? ',
    '#',
    '---',
    '%YAML 1.1',
    '\t',
    '5',
  );
  return holds(
    fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: pieces }, fc.string()), { maxLength: 40 }), (parts) => {
      onlyInvalid(() => parseConfigText(parts.join(''), 'c.yaml', { env: {} }));
    }),
  );
});

const limit = fc.record({
  type: fc.constantFrom('rpm', 'tpm'),
  limit: fc.integer({ min: 1 }),
  timePeriod: fc.integer({ min: 1, max: 99 }),
});
const valid = fc.record(
  {
    models: fc.dictionary(
      fc.stringMatching(/^[a-z_][a-z_.-]{1,8}$/).filter((name) => name !== '__proto__'),
      fc.record(
        {
          deployments: fc.array(
            fc.record({
              provider: fc.constantFrom('openai', 'my_own'),
              apiKey: fc.stringMatching(/^[a-z0-9_]{1,9}$/),
              baseUrl: fc.constant('http://a_b'),
            }),
            { minLength: 1, maxLength: 3 },
          ),
          rateLimiters: fc.array(limit, { minLength: 1, maxLength: 1 }),
          tenants: fc.dictionary(fc.stringMatching(/^[a-z]+_[a-z]+$/), fc.record({ weight: fc.integer({ min: 1, max: 9 }) }), {
            maxKeys: 2,
          }),
          retry: fc.record({ maxAttempts: fc.integer({ min: 1, max: 9 }), baseDelayMs: fc.nat() }),
          maxQueueSize: fc.integer({ min: 1 }),
          learnLimits: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
      { maxKeys: 4 },
    ),
    pool: fc.record({ maxSize: fc.integer({ min: 1, max: 9 }), healthCheckInterval: fc.nat(99) }),
    userLimits: fc.record({
      maxNumRequestsInTimeWindow: fc.integer({ min: 1, max: 99 }),
      timeWindowInSeconds: fc.integer({ min: 1, max: 99 }),
    }),
  },
  { requiredKeys: [] },
);

const NAMES = new Set(['models', 'tenants']);

/** The same with its keys in snake_case, but those that are names. */
function inSnakeCase(value: unknown, parent = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => inSnakeCase(item));
  if (typeof value !== 'object' || value === null) return value;
  const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [NAMES.has(parent) ? key : snake(key), inSnakeCase(item, key)]));
}

it('reads the same from camelCase, snake_case and YAML', () =>
  holds(
    fc.property(valid, (value) => {
      const expected = parseHeadgateConfig(value);
      const inSnake = inSnakeCase(value);
      if (!sameValue(parseHeadgateConfig(inSnake), expected)) throw new Error(`Read differently: ${JSON.stringify(inSnake)}`);
      if (!sameValue(parseConfigText(JSON.stringify(inSnake), 'c.yaml'), expected)) throw new Error('Read differently from YAML.');
    }),
    300,
  ));

it('spells every key of the schemas back from snake_case', () =>
  holds(
    fc.property(fc.stringMatching(/^[a-z]+([A-Z][a-z]+){0,4}$/), (key) => {
      const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return camelCase(snake) === key && camelCase(key) === key;
    }),
  ));
