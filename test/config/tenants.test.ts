import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { maskedConfig } from '../../src/config/expand/masked-dump.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { complaints, fromYaml } from './read.ts';

const serving = { m: { deployments: [{ provider: 'openai', apiKey: 'k' }] }, n: {} };

describe('tenants in a configuration', () => {
  it('are read in either spelling, and may say nothing', () => {
    const { tenants, prices } = fromYaml(`
models: { gpt_4o: {} }
tenants:
  my_team: { weight: 3, priority_ceiling: 2, models: [gpt_4o], user_limits: {}, time_zone: Europe/Berlin, budget: { tokens: { per_day: 5 }, money: { per_month: 9.5 } } }
  plain:
prices: { gpt_4o: { input: 2.5, output: 10, cached_input: 1.25 } }
`);
    expect(tenants).toEqual({
      my_team: {
        weight: 3,
        priorityCeiling: 2,
        models: ['gpt_4o'],
        userLimits: { maxNumRequestsInTimeWindow: 40, timeWindowInSeconds: 60 },
        timeZone: 'Europe/Berlin',
        budget: { tokens: { perDay: 5 }, money: { perMonth: 9.5, currency: 'USD' } },
      },
      plain: {},
    });
    expect(prices).toEqual({ gpt_4o: { input: 2.5, output: 10, cachedInput: 1.25 } });
  });

  it('have their weight at every model, where the model has none of its own for them', () => {
    const { models } = parseHeadgateConfig({
      models: { m: { tenants: { acme: { weight: 9 }, other: {} } }, n: {} },
      providers: { openai: { apiKeys: ['k'], models: ['p'] } },
      tenants: { acme: { weight: 3 }, bob: { weight: 2 }, plain: {} },
    });
    expect(models['m']?.tenants).toEqual({ acme: { weight: 9 }, bob: { weight: 2 }, other: { weight: 1 } });
    expect(models['n']?.tenants).toEqual({ acme: { weight: 3 }, bob: { weight: 2 } });
    expect(models['p']?.tenants).toEqual({ acme: { weight: 3 }, bob: { weight: 2 } });
  });

  it.each([
    [{ acme: { weight: 0 } }, 'tenants.acme.weight: expected a weight > 0, not 0'],
    [{ acme: { priorityCeiling: 11 } }, 'tenants.acme.priorityCeiling: expected a priority, a whole number from −10 to 10, not 11'],
    [
      { acme: { budget: { tokens: { perDay: 1.5 } } } },
      'tenants.acme.budget.tokens.perDay: expected a number of tokens, a whole number > 0, not 1.5',
    ],
    [{ acme: { timeZone: 'Mars' } }, 'tenants.acme.timeZone: expected a time zone such as America/Los_Angeles, not "Mars"'],
    [
      { acme: { budget: { money: { currency: 'usd' } } } },
      'tenants.acme.budget.money.currency: expected a currency of three capital letters, such as USD, not "usd"',
    ],
    [
      { 'a b': {} },
      'tenants["a b"]: expected a tenant\'s name: at most 100 letters, digits and . _ : @ / -, beginning with a letter or digit',
    ],
  ])('are refused with what is wrong: %j', (tenants, complaint) => {
    expect(complaints({ tenants })).toEqual([complaint]);
  });

  it('need the price of every model, and of what it falls back to, where money is counted', () => {
    const models = { ...serving, o: { fallbacks: ['n'] } };
    const prices = { o: { input: 1, output: 1 } };
    const budget = { money: { perDay: 1 } };
    const missing = (names: string): string[] => [
      `tenants.acme.budget.money: expected prices for every model that the tenant may use; there is none for ${names}`,
    ];
    expect(complaints({ models, prices, tenants: { acme: { budget } } })).toEqual(missing('"m", "n"'));
    expect(complaints({ models, prices, tenants: { acme: { budget, models: ['o'] } } })).toEqual(missing('"n"'));
    expect(() =>
      parseHeadgateConfig({ models, prices: { ...prices, n: prices.o }, tenants: { acme: { budget, models: ['o'] } } }),
    ).not.toThrow();
  });

  it('count in one currency', () => {
    const tenants = { a: { budget: { money: { currency: 'EUR' } } }, b: { budget: { money: {} } } };
    expect(complaints({ tenants })).toEqual([
      'tenants.b.budget.money.currency: expected EUR, as at other tenants: prices are in one currency',
    ]);
  });

  it('are warned of where they may use what is no model', () => {
    const { warnings } = parseHeadgateConfig({ models: serving, tenants: { acme: { models: ['m', 'mm'] } } });
    expect(warnings).toEqual(['tenants.acme.models[1] is none of the models, not "mm"; did you mean "m"?']);
  });
});

describe('the store of limits', () => {
  const url = 'redis://me:hush@redis.internal:6379/2';

  it('is a Redis URL, from the environment too, that shows its password nowhere', () => {
    const config = parseHeadgateConfig({ models: serving, limitsStore: 'env:REDIS' }, { env: { REDIS: url } });
    expect(config.limitsStore?.url).toBe(url);
    for (const text of [inspect(config, { depth: 9 }), JSON.stringify(config), JSON.stringify(maskedConfig(config))]) {
      expect(text).not.toContain('hush');
      expect(text).toContain('redis://redis.internal:6379/2');
    }
    expect(parseHeadgateConfig({ models: serving }).limitsStore).toBeUndefined();
  });

  it('goes with the database of the gateway, which shows its password as little', () => {
    const config = parseHeadgateConfig({ models: serving, gateway: { database: 'postgresql://me:hush@db:5432/headgate' } });
    expect(config.gateway.database).toContain('hush');
    for (const text of [inspect(config, { depth: 9 }), JSON.stringify(config), JSON.stringify(maskedConfig(config))]) {
      expect(text).not.toContain('hush');
      expect(text).toContain('postgresql://db:5432/headgate');
    }
    expect(JSON.stringify(parseHeadgateConfig({}))).toContain('sqlite:headgate.db');
  });

  it.each(['http://x', 'redis', 'redis://', 'postgres://u:hush@h/d'])('is refused as %j, without showing it', (limitsStore) => {
    const [complaint = ''] = complaints({ models: serving, limitsStore });
    expect(complaint).toMatch(/^limitsStore: expected a URL of a Redis server, as redis:\/\/host:6379 or rediss:/);
    expect(complaint).not.toContain('hush');
  });

  it('need not be set where only calls are made', () => {
    const config = parseHeadgateConfig({ models: serving, limitsStore: 'env:REDIS' }, { env: {}, only: ['m'] });
    expect(config.limitsStore).toBeUndefined();
    expect(config.warnings).toEqual(['limitsStore is left out: it refers to a variable that is not set, and no model in use needs it.']);
  });
});
