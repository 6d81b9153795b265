import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as client from '../../src/client/index.ts';
import * as engine from '../../src/index.ts';
import { bench, LLM } from './llm-queue-bench.ts';

// What the seed systems' users import and load: see B23 and E48 in docs/seeds.md.

describe('the three families of errors', () => {
  const a = ['LLMQueueException', 'RateLimitExceeded', 'QueueTimeout', 'ModelNotRegistered', 'InvalidConfiguration', 'ProcessingError'];
  const b = ['SchedulerQueueFullError', 'QueueTimeoutError'];
  const atTheClient = [
    ...['UserRateLimitExceededError', 'UserIdHeaderMissingError', 'LLMError', 'ResourceAvailabilityError'],
    ...['LLMException', 'LLMProviderError', 'LLMConnectionError', 'LLMRateLimitError', 'LLMAuthenticationError'],
    ...['LLMPoolExhaustedError', 'LLMConfigurationError', 'LLMTimeoutError'],
  ];

  it('are exported by their names, all under one root', () => {
    const exported = new Map<string, unknown>([...Object.entries(engine), ...Object.entries(client)]);
    const isBelowTheRoot = (name: string): boolean => {
      const found = exported.get(name);
      if (typeof found !== 'function') return false;
      return found === engine.LLMQueueException || found.prototype instanceof engine.LLMQueueException;
    };

    expect([...a, ...b, ...atTheClient].filter((name) => !isBelowTheRoot(name))).toEqual([]);
    expect(a.concat(b).filter((name) => !Object.hasOwn(engine, name))).toEqual([]);
  });
});

describe("system B's file", () => {
  it('goes from loadHeadgateConfig into LLMQueue as it is', async () => {
    const path = fileURLToPath(new URL('../config/fixtures/azure-resources.yaml', import.meta.url));
    const { send, clock, calls } = bench({ ...(await client.loadHeadgateConfig(path, { env: {} })) });
    const sent = send(LLM);
    await clock.advance(0);
    calls[0]?.resolve('ok');
    await clock.advance(0);

    expect(sent.answer).toEqual({ response: 'ok', statusCode: 200 });
    expect(calls[0]?.chosen[0]).toMatchObject({
      uniqueModelId: 'gpt-4o',
      apiKey: 'your-api-key',
      apiVersion: '2023-03-15-preview',
      apiType: 'azure',
      azureEndpoint: 'https://your-resource.openai.azure.com/',
      deploymentNameInAzure: 'gpt-4o',
      modelType: 'completion',
    });
  });
});
