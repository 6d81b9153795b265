import { describe, expect, it } from 'vitest';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { isSameAccount, limitAccounts } from '../../src/gateway/limit-accounts.ts';
import { at } from '../client/headgate-world.ts';

const keys = (gpt: string, mini: string) =>
  limitAccounts(
    parseHeadgateConfig({
      models: {
        gpt: { deployments: [at('one.test', { id: 'gpt', apiKey: gpt })] },
        'gpt/mini': {
          deployments: [at('one.test', { id: 'gpt/mini', apiKey: mini, rateLimiters: [{ type: 'rpm', limit: 1, domain: 'd/e' }] })],
        },
      },
    }),
  );

describe('what was counted at another account', () => {
  it.each([
    ['deployment gpt/rpm', true],
    ['deployment gpt/mini/rpm', false],
    ['model gpt/tpm/60s', true],
    ['model gpt/mini/tpm/60s', false],
    ['domain d/e/rpm', false],
    ['model nobody/rpm', true],
  ])('is not counted: %s', (limit, isSame) => {
    expect(isSameAccount({ limit }, keys('sk-a', 'sk-b'), keys('sk-a', 'sk-c'))).toBe(isSame);
  });
});
