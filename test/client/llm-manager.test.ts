import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLlmManager, getLlmManager } from '../../src/client/llm/get-llm-manager.ts';
import { LLMProvider } from '../../src/client/llm/llm-provider.ts';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { BUILT_IN_PRESETS } from '../../src/providers/preset-registry.ts';
import { keys, openAiAnswer, world } from './llm-world.ts';

const openai = { apiKeys: 'secret-key-o', models: 'gpt-x' };

it('its clients stay with the model that they were asked for, and a configuration that says otherwise is told so', async () => {
  const warned: string[] = [];
  const note = (_: object, message?: string): void => void warned.push(message ?? '');
  const logger = { debug: () => {}, info: () => {}, warn: note, error: () => {} };
  const deployments = [{ provider: 'openai', apiKey: 'secret-key-o' }];
  const models = { first: { deployments, fallbacks: ['second'], retry: { maxAttempts: 1 } }, second: { deployments } };
  const { manager, behave, until, calls } = await world({ models }, { logger });
  behave(() => ({ status: 500 }));

  await expect(until(manager.getClient().complete('a', { model: 'first' }))).rejects.toMatchObject({ code: 'provider_error' });

  expect(calls.map(({ body }) => body['model'])).toEqual(['first']);
  expect(warned).toContain('models.first.fallbacks is not used by clients: fallbacks are for fetch() and dispatch() of createHeadgate.');
});

it('a provider that could not be started leaves nothing running', async () => {
  const { manager, clock, until, calls } = await world({
    providers: { openai, cohere: { apiKeys: 'secret-key-c', models: 'm' } },
    pool: { healthCheckInterval: 60 },
  });

  // Its health would be checked, over a connection that can't be made, and nobody would hear of that.
  await clock.advance(600_000);
  expect(manager.listProviders()).toEqual(['openai']);
  expect(calls.length).toBeGreaterThan(0);
  await until(manager.close());

  expect(clock.pendingTimers).toBe(0);
});

describe('the manager of the process', () => {
  it('is one, also for callers that ask at the same time, and new after it was closed', async () => {
    const [a, b] = await Promise.all([getLlmManager(keys(1), { env: {} }), getLlmManager()]);
    expect(a).toBe(b);
    await a.close();
    await a.close();
    expect(() => a.getClient()).toThrow('getLlmManager');
    const c = await getLlmManager(keys(2), { env: {} });
    expect(c).not.toBe(a);
    expect(c.getStatus('anthropic').totalConfigs).toBe(2);
    await c.close();
  });

  it('is not kept when it could not be made', async () => {
    await expect(getLlmManager({ pool: { maxSize: 0 } }, { env: {} })).rejects.toThrow(InvalidConfiguration);
    const manager = await getLlmManager(keys(1), { env: {} });
    expect(manager.listProviders()).toEqual(['anthropic']);
    await manager.close();
  });

  it('reads the file that HEADGATE_CONFIG names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-'));
    try {
      const path = join(folder, 'llm.yaml');
      await writeFile(path, 'providers:\n  anthropic:\n    api_keys: [key1, key2, key3]\n    models: [claude-x]\npool:\n  max_size: 4\n');
      const manager = await getLlmManager(undefined, { env: { HEADGATE_CONFIG: path } });
      expect(manager.getStatus(LLMProvider.ANTHROPIC).totalConfigs).toBe(3);
      await manager.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('without a file takes what the environment says', async () => {
    const manager = await getLlmManager(undefined, {
      env: { OPENAI_API_KEY: 'secret-key-1', OPENAI_MODEL: 'gpt-x', OPENAI_TEMPERATURE: '0' },
    });
    expect(manager.listProviders()).toEqual(['openai']);
    expect(manager.getClient().models).toEqual(['gpt-x']);
    await manager.close();
  });

  it('ends with the block that holds it', async () => {
    let kept: Awaited<ReturnType<typeof createLlmManager>> | undefined;
    {
      await using manager = await createLlmManager(keys(1), { env: {} });
      kept = manager;
    }
    expect(kept.isClosed).toBe(true);
  });
});

describe('providers of a manager', () => {
  it('are listed, and the default is named or the first', async () => {
    const both = { providers: { anthropic: { apiKeys: 'secret-key-1', models: 'claude-x' }, openai } };
    const { manager } = await world(both);
    expect(manager.listProviders()).toEqual(['anthropic', 'openai']);
    expect(manager.getClient().name).toBe('anthropic');
    expect(manager.getClient('OpenAI').provider).toBe('openai');
    const named = await world({ ...both, global: { defaultProvider: 'openai' } });
    expect(named.manager.getClient().name).toBe('openai');
    expect(Object.keys(manager.getStatus())).toEqual(['anthropic', 'openai']);
  });

  it('are added, replaced (the old one is closed first) and closed while others work', async () => {
    const { manager, until, behave, calls } = await world(keys(1));
    behave(({ path }) => (path.startsWith('/v1/chat') ? openAiAnswer() : { status: 500 }));
    const first = await manager.addProvider('openai', openai, { healthCheckInterval: 0 });
    await until(first.complete('a'));
    const second = await until(manager.addProvider('openai', { ...openai, apiKeys: 'secret-key-p' }, { healthCheckInterval: 0 }));

    expect(first.getStatus().closed).toBe(true);
    await until(second.complete('b'));
    expect(calls.map(({ key }) => key)).toEqual(['Bearer secret-key-o', 'Bearer secret-key-p']);
    expect(manager.getOrCreateClient('openai')).toBe(second);
    expect(manager.getOrCreateClient('groq', { apiKeys: 'k', models: 'm' }).provider).toBe('groq');
    expect(await until(manager.closeProvider('openai'))).toBe(true);
    expect(await manager.closeProvider('openai')).toBe(false);
    expect(manager.listProviders()).toEqual(['anthropic', 'groq']);
    await expect(manager.addProvider('cohere', openai)).rejects.toThrow('not known');
  });

  it('finish what was called in the same tick before they are closed, and take nothing after that', async () => {
    const { manager, until } = await world(keys(1));
    const client = manager.getClient();

    const before = client.complete('a');
    const closed = manager.close();
    const after = client.complete('b');

    await expect(after).rejects.toMatchObject({ code: 'client_closed' });
    expect((await until(before)).content).not.toBe('');
    await until(closed);
  });

  it('come from deployments of models too, one client for each provider', async () => {
    const { manager, until, behave, calls } = await world({
      models: {
        'gpt-x': {
          deployments: [
            { provider: 'openai', apiKey: 'secret-key-1' },
            { provider: 'anthropic', apiKey: 'secret-key-2', model: 'claude-x' },
          ],
        },
        'gpt-y': { deployments: [{ provider: 'openai', apiKey: 'secret-key-3' }] },
      },
      pool: { healthCheckInterval: 0 },
    });
    behave(() => openAiAnswer());
    expect(manager.listProviders()).toEqual(['openai', 'anthropic']);

    await until(manager.getClient('openai').complete('a', { model: 'gpt-y' }));
    expect(calls).toMatchObject([{ key: 'Bearer secret-key-3', body: { model: 'gpt-y' } }]);
  });

  it('each key serves its own model where nobody names one', async () => {
    const { manager, until, behave, calls } = await world({
      providers: { openai: { apiKeys: ['secret-key-1', 'secret-key-2'], models: ['gpt-x', 'gpt-y'] } },
      pool: { healthCheckInterval: 0 },
    });
    behave(() => ({ ...openAiAnswer(), delayMs: 100 }));
    const client = manager.getClient();
    await until(Promise.all([client.complete('a'), client.complete('b'), client.complete('c', { model: 'gpt-y' })]));
    expect(new Set(calls.map(({ key, body }) => `${key} ${body['model']}`))).toEqual(
      new Set(['Bearer secret-key-1 gpt-x', 'Bearer secret-key-2 gpt-y']),
    );
  });

  it('every name of LLMProvider is known', () => {
    expect(Object.values(LLMProvider).toSorted()).toEqual(BUILT_IN_PRESETS.map(({ name }) => name).toSorted());
  });
});
