import { expect, it } from 'vitest';
import { describeConfig } from '../../src/cli/check/describe-config.ts';
import { LoadTally } from '../../src/cli/load/load-tally.ts';
import { missingKeys } from '../../src/cli/missing-keys.ts';
import { wayOut, wayOutOf } from '../../src/cli/way-out.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import { LLMProviderError } from '../../src/domain/llm-errors.ts';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';

const config = (...deployments: object[]) => parseHeadgateConfig({ models: { m: { deployments } } }, { env: {} });

it('a deployment without a key is told of, with its variable, where a server needs one', () => {
  const all = config(
    { provider: 'openai' },
    { provider: 'openai', apiKey: 'sk-1' },
    { provider: 'openai', baseUrl: 'http://localhost:9/v1' },
    { provider: 'vllm', baseUrl: 'http://gpu.internal/v1' },
    { provider: 'anthropic' },
  );
  expect(missingKeys(all, { ANTHROPIC_API_KEY: 'k' })).toEqual([
    "Deployment 'openai-1' has no key: set the environment variable OPENAI_API_KEY, or give it an apiKey. It is called without one.",
  ]);
  expect(missingKeys(all, { ANTHROPIC_API_KEY: ' ', OPENAI_API_KEY: 'k' })).toEqual([expect.stringContaining("'anthropic-1'")]);
});

it('what a server of one’s own has is no limits, not limits that are learned', () => {
  const text = (model: object) => describeConfig(parseHeadgateConfig({ models: { m: model } }, { env: {} }), 'c.yaml', {}).join('\n');
  expect(text({ deployments: [{ provider: 'ollama' }] })).toMatch(/no limits of its own$/);
  expect(text({ deployments: [{ provider: 'ollama' }], learnLimits: true })).toMatch(/limits are learned$/);
  expect(text({ deployments: [{ provider: 'openai' }], learnLimits: false })).toMatch(/no limits$/);
});

it('errors that whoever typed the command can mend say where to look', () => {
  expect(wayOut('ECONNREFUSED')).toBe(' Is the server running, and the baseUrl right?');
  expect(wayOut(undefined, 'model_not_found')).toBe('');
  expect(wayOut('toString')).toBe('');
  expect(wayOutOf(new LLMProviderError('x', { providerCode: 'invalid_response' }))).toContain('Is the baseUrl that of the API');
  expect(wayOutOf(new Error('x'))).toBe('');
  const tally = new LoadTally();
  tally.failure(new ProviderFailure({ message: 'Wrong key.', code: 'invalid_api_key', retryable: false }));
  expect(tally.errors.get('invalid_api_key')?.message).toBe('Wrong key. Is the key right?');
});
