import { afterEach, describe, expect, it } from 'vitest';
import { InvalidConfiguration } from '../../src/domain/errors.ts';
import { endpointUrl, joinUrl, normaliseBaseUrl } from '../../src/providers/base-url.ts';
import {
  BUILT_IN_PRESETS,
  findPreset,
  type ProviderDefinition,
  presetForUrl,
  registerProvider,
} from '../../src/providers/preset-registry.ts';

const unregisters: (() => void)[] = [];

function register(definition: ProviderDefinition) {
  const { preset, unregister } = registerProvider(definition);
  unregisters.push(unregister);
  return preset;
}

afterEach(() => {
  for (const unregister of unregisters.splice(0)) unregister();
});

describe('findPreset', () => {
  it('has every provider that is promised', () => {
    for (const name of ['openai', 'azure', 'azure-openai', 'azure_openai', 'anthropic', 'Anthropic', 'groq', 'mistral', 'openrouter']) {
      expect(findPreset(name).name, name).toBe(name.toLowerCase().startsWith('azure') ? 'azure' : name.toLowerCase());
    }
    for (const name of ['together', 'gemini', 'vllm', 'ollama', 'openai-compatible', 'openai_compatible'])
      expect(findPreset(name)).toBeDefined();
  });

  it('lists the known ones where the name is wrong', () => {
    expect(() => findPreset('opnai')).toThrow(InvalidConfiguration);
    expect(() => findPreset('opnai')).toThrow(/'opnai'.*'openai', 'azure', 'anthropic'.*'openai-compatible'/);
  });

  it('finds no two by one name', () => {
    const names = BUILT_IN_PRESETS.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a base URL', () => {
  it.each([
    ['openai', undefined, 'https://api.openai.com/v1'],
    ['openai', 'https://api.openai.com', 'https://api.openai.com/v1'],
    ['openai', 'https://api.openai.com/v1/', 'https://api.openai.com/v1'],
    ['openai', ' https://eu.api.openai.com/v1 ', 'https://eu.api.openai.com/v1'],
    ['openai', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080/v1'],
    ['openai', 'https://proxy.example/llm/openai', 'https://proxy.example/llm/openai'],
    ['openai', 'https://api.openai.com/v1/chat/completions', 'https://api.openai.com/v1'],
    ['anthropic', undefined, 'https://api.anthropic.com'],
    ['anthropic', 'https://api.anthropic.com/v1', 'https://api.anthropic.com'],
    ['anthropic', 'https://api.anthropic.com/v1/messages', 'https://api.anthropic.com'],
    ['anthropic', 'https://proxy.example/claude/v1/', 'https://proxy.example/claude'],
    ['azure', 'https://res.openai.azure.com/', 'https://res.openai.azure.com'],
    ['azure', 'https://res.openai.azure.com/openai', 'https://res.openai.azure.com'],
    ['azure', 'https://res.openai.azure.com/openai/v1/', 'https://res.openai.azure.com'],
    ['azure', 'https://res.openai.azure.com/openai/deployments/gpt-4o', 'https://res.openai.azure.com'],
    ['azure', 'https://apim.example/team-a/openai', 'https://apim.example/team-a'],
    ['azure', 'http://127.0.0.1:8080/v1', 'http://127.0.0.1:8080'],
    ['groq', 'https://api.groq.com', 'https://api.groq.com/openai/v1'],
    ['groq', 'https://api.groq.com/openai', 'https://api.groq.com/openai/v1'],
    ['groq', 'https://api.groq.com/v1', 'https://api.groq.com/openai/v1'],
    ['groq', 'http://127.0.0.1:8080', 'http://127.0.0.1:8080/v1'],
    ['groq', 'http://127.0.0.1:8080/v1', 'http://127.0.0.1:8080/v1'],
    ['openrouter', 'https://openrouter.ai/api', 'https://openrouter.ai/api/v1'],
    ['openrouter', 'https://openrouter.ai', 'https://openrouter.ai/api/v1'],
    ['gemini', 'https://generativelanguage.googleapis.com', 'https://generativelanguage.googleapis.com/v1beta/openai'],
    ['gemini', 'https://generativelanguage.googleapis.com/v1beta/openai/v1', 'https://generativelanguage.googleapis.com/v1beta/openai'],
    ['ollama', 'http://localhost:11434', 'http://localhost:11434/v1'],
    ['openai-compatible', 'https://host.example/api?tenant=a', 'https://host.example/api?tenant=a'],
  ])('of %s, given as %s', (name, given, expected) => {
    expect(normaliseBaseUrl(findPreset(name), given)).toBe(expected);
  });

  it.each(['', '   ', undefined])('is asked for where the provider has none (%s)', (given) => {
    expect(() => normaliseBaseUrl(findPreset('openai-compatible'), given)).toThrow(/'openai-compatible'.*baseUrl/);
  });

  it('that is none is named, without what may be a key in it', () => {
    expect(() => normaliseBaseUrl(findPreset('openai'), 'api.openai.com/v1')).toThrow(/'api\.openai\.com\/v1'.*http/);
    const wrong = () => normaliseBaseUrl(findPreset('openai'), 'ftp://user:sk-secret@host/?key=sk-secret');
    expect(wrong).toThrow(/ftp:\/\/host/);
    expect(wrong).not.toThrow(/sk-secret/);
  });
});

describe('the address of a call', () => {
  it.each([
    ['openai', 'openai-chat', undefined, 'https://api.openai.com/v1/chat/completions'],
    ['openai', 'openai-responses', undefined, 'https://api.openai.com/v1/responses'],
    ['openai', 'openai-embeddings', undefined, 'https://api.openai.com/v1/embeddings'],
    ['anthropic', 'anthropic-messages', undefined, 'https://api.anthropic.com/v1/messages'],
    ['groq', 'openai-chat', undefined, 'https://api.groq.com/openai/v1/chat/completions'],
    ['mistral', 'openai-chat', undefined, 'https://api.mistral.ai/v1/chat/completions'],
    ['openrouter', 'anthropic-messages', undefined, 'https://openrouter.ai/api/v1/messages'],
    ['together', 'openai-embeddings', undefined, 'https://api.together.xyz/v1/embeddings'],
    ['gemini', 'openai-chat', undefined, 'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions'],
    ['vllm', 'openai-chat', undefined, 'http://localhost:8000/v1/chat/completions'],
    ['ollama', 'anthropic-messages', undefined, 'http://localhost:11434/v1/messages'],
  ] as const)('of %s, %s', (name, format, baseUrl, expected) => {
    expect(endpointUrl(findPreset(name), { format, baseUrl, model: 'm' })).toBe(expected);
  });

  it("names Azure's deployment in the path with a dated version, and not without one", () => {
    const place = { baseUrl: 'https://res.openai.azure.com', model: 'gpt 4o' };
    const dated = { ...place, apiVersion: '2024-10-21' };
    const azure = findPreset('azure');
    expect(endpointUrl(azure, { ...dated, format: 'openai-chat' })).toBe(
      'https://res.openai.azure.com/openai/deployments/gpt%204o/chat/completions?api-version=2024-10-21',
    );
    expect(endpointUrl(azure, { ...dated, format: 'openai-responses' })).toBe(
      'https://res.openai.azure.com/openai/responses?api-version=2024-10-21',
    );
    expect(endpointUrl(azure, { ...place, format: 'openai-chat' })).toBe('https://res.openai.azure.com/openai/v1/chat/completions');
  });

  it('keeps the queries of base and path', () => {
    expect(joinUrl('https://host.example/v1/?tenant=a', 'chat?b=1')).toBe('https://host.example/v1/chat?tenant=a&b=1');
  });

  it('is refused with a user name or password, which it does not quote', () => {
    const normalise = () => normaliseBaseUrl(findPreset('openai'), 'https://ann:pass-w0rd@host.example/v1');
    expect(normalise).toThrow("The baseUrl of provider 'openai' at host.example has a user name or password in it");
    expect(normalise).not.toThrow('pass-w0rd');
  });

  it('is refused where the provider does not speak the format', () => {
    const ask = () => endpointUrl(findPreset('anthropic'), { format: 'openai-chat', model: 'm' });
    expect(ask).toThrow(/'anthropic'.*'openai-chat'.*anthropic-messages/);
  });
});

describe('presetForUrl', () => {
  it.each([
    ['https://api.openai.com/v1/chat/completions', 'openai'],
    ['https://eu.api.openai.com/v1/responses', 'openai'],
    ['https://api.anthropic.com/v1/messages', 'anthropic'],
    ['https://res.openai.azure.com/openai/deployments/d/chat/completions?api-version=1', 'azure'],
    ['https://res.services.ai.azure.com/openai/v1/chat/completions', 'azure'],
    ['https://apim.example/x/openai/deployments/d/embeddings', 'azure'],
    ['https://api.groq.com/openai/v1/chat/completions', 'groq'],
    ['https://api.mistral.ai/v1/chat/completions', 'mistral'],
    ['https://openrouter.ai/api/v1/messages', 'openrouter'],
    ['https://api.together.xyz/v1/chat/completions', 'together'],
    ['https://generativelanguage.googleapis.com/v1beta/openai/chat/completions', 'gemini'],
    ['http://localhost:11434/v1/chat/completions', 'ollama'],
    ['http://localhost:4000/v1/chat/completions', 'openai-compatible'],
    ['http://localhost:4000/v1/messages', 'anthropic'],
    ['https://api.openai.com.evil.example/v1/chat/completions', 'openai-compatible'],
    ['https://notopenai.azure.com/v1', 'openai-compatible'],
  ])('%s is %s', (url, name) => {
    expect(presetForUrl(url).name).toBe(name);
    expect(presetForUrl(new URL(url)).name).toBe(name);
  });

  it('says so where it is no URL', () => {
    expect(() => presetForUrl('/v1/messages')).toThrow(InvalidConfiguration);
  });
});

describe('registerProvider', () => {
  it('takes what is not said from a server that speaks OpenAI, and is found by name and host', () => {
    const preset = register({ name: 'my-gateway', aliases: ['Gate'], baseUrl: 'https://llm.example/api', hosts: ['llm.example'] });
    expect(findPreset('MY_GATEWAY')).toBe(preset);
    expect(findPreset('gate')).toBe(preset);
    expect(presetForUrl('https://llm.example/api/chat/completions')).toBe(preset);
    expect(endpointUrl(preset, { format: 'openai-chat', model: 'm' })).toBe('https://llm.example/api/chat/completions');
    expect(preset.readLimits({ 'x-ratelimit-limit-requests': '60' })).toEqual([{ type: 'rpm', limit: 60 }]);
  });

  it('can be taken back', () => {
    const { unregister } = registerProvider({ name: 'for-a-moment' });
    unregister();
    unregister();
    expect(() => findPreset('for-a-moment')).toThrow(InvalidConfiguration);
    expect(register({ name: 'for-a-moment' }).name).toBe('for-a-moment');
  });

  it.each([
    [{ name: 'openai' }, /'openai' is taken/],
    [{ name: 'mine', aliases: ['azure_openai'] }, /'azure_openai' is taken/],
    [{ name: 'My Gateway' }, /the name must/],
    [{ name: 'mine', formats: [] }, /at least one format/],
  ])('refuses %o', (definition, message) => {
    expect(() => register(definition)).toThrow(message);
    expect(() => register(definition)).toThrow(InvalidConfiguration);
  });

  it('lets nothing through that its own reader throws', () => {
    const preset = register({
      name: 'mine',
      readLimits: () => {
        throw new Error('not today');
      },
    });
    expect(preset.readLimits({})).toEqual([]);
  });
});
