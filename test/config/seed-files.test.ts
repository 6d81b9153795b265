import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { HeadgateConfig } from '../../src/config/headgate-config-types.ts';
import { deploymentsOf, fromYaml } from './read.ts';

const SEEDS = new URL('../../../shared/seeds/', import.meta.url);
const FIXTURES = new URL('fixtures/', import.meta.url);

function fixture(name: string): string {
  return readFileSync(new URL(name, FIXTURES), 'utf8');
}

/** The YAML block of a seed document, cut out as it is printed; undefined where the documents are absent. */
function printedIn(number: string): string | undefined {
  const name = existsSync(SEEDS) ? readdirSync(SEEDS).find((file) => file.startsWith(number)) : undefined;
  if (name === undefined) return undefined;
  const [, block] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(new URL(name, SEEDS), 'utf8')) ?? [];
  return block;
}

function expectAzure(config: HeadgateConfig): void {
  expect(config.warnings).toEqual([]);
  expect(Object.keys(config.models)).toEqual(['gpt-4o', 'text-embedding-ada-002']);
  const shared = {
    provider: 'azure',
    baseUrl: 'https://your-resource.openai.azure.com/',
    apiKey: 'your-api-key',
    apiVersion: '2023-03-15-preview',
    errorBackoffInSeconds: 60,
  };
  expect(deploymentsOf(config, 'gpt-4o')).toMatchObject([
    {
      ...shared,
      id: 'azure-1',
      model: 'gpt-4o',
      rateLimiters: [
        { type: 'rpm', limit: 450 },
        { type: 'tpm', limit: 75_000 },
      ],
    },
  ]);
  expect(deploymentsOf(config, 'text-embedding-ada-002')).toMatchObject([
    {
      ...shared,
      id: 'azure-2',
      rateLimiters: [
        { type: 'rpm', limit: 1020 },
        { type: 'tpm', limit: 170_000 },
      ],
    },
  ]);
  expect(config.models['gpt-4o']?.type).toBe('completion');
  expect(config.models['text-embedding-ada-002']?.type).toBe('embeddings');
  expect(config.userLimits).toEqual({ maxNumRequestsInTimeWindow: 40, timeWindowInSeconds: 60 });
  expect(config.schedulerLimits).toEqual({ maxQueueSize: 1000, requestTimeoutSeconds: 300 });
  expect(config.customModels).toEqual([]);
}

function expectKeys(config: HeadgateConfig): void {
  const deployments = deploymentsOf(config, 'claude-3-5-haiku-20241022');
  expect(deployments.map(({ id, apiKey }) => [id, apiKey])).toEqual([
    ['anthropic-1', 'key1'],
    ['anthropic-2', 'key2'],
    ['anthropic-3', '...'],
  ]);
  for (const { provider, rateLimiters } of deployments) {
    expect(provider).toBe('anthropic');
    expect(rateLimiters).toEqual([
      { type: 'rpm', limit: 12 },
      { type: 'itpm', limit: 5000 },
      { type: 'otpm', limit: 2000 },
    ]);
  }
  expect(config.providers['anthropic']).toEqual({
    provider: 'anthropic',
    models: ['claude-3-5-haiku-20241022'],
    deploymentIds: ['anthropic-1', 'anthropic-2', 'anthropic-3'],
    settings: {},
  });
  expect(config.pool).toMatchObject({ minSize: 1, maxSize: 4, acquireTimeout: 30, idleTimeout: 3600, maxLifetime: 7200 });
  expect(config.global.defaultProvider).toBe('anthropic');
}

describe("system B's file", () => {
  it('loads', () => expectAzure(fromYaml(fixture('azure-resources.yaml'))));

  it('loads exactly as printed', (context) => {
    const printed = printedIn('003');
    if (printed === undefined) return context.skip('the seed documents are not beside this repository');
    expectAzure(fromYaml(printed));
  });

  it("takes the code's spelling where it differs from the document's", () => {
    const text = fixture('azure-resources.yaml')
      .replace('time_window_in_seconds', 'time_window_length_in_seconds')
      .replace('request_timeout_seconds', 'ttl_in_seconds');
    expectAzure(fromYaml(text));
  });
});

describe("system C's file", () => {
  it('loads', () => expectKeys(fromYaml(fixture('provider-keys.yaml'))));

  it('loads exactly as printed', (context) => {
    const printed = printedIn('004');
    if (printed === undefined) return context.skip('the seed documents are not beside this repository');
    expectKeys(fromYaml(printed));
  });
});
