import { InvalidConfiguration } from '../domain/errors.ts';
import { isAtHostOf } from './base-url.ts';
import { anthropic } from './presets/anthropic.ts';
import { azure } from './presets/azure.ts';
import { gemini } from './presets/gemini.ts';
import { groq } from './presets/groq.ts';
import { mistral } from './presets/mistral.ts';
import { ollama } from './presets/ollama.ts';
import { openai } from './presets/openai.ts';
import { openAiCompatible } from './presets/openai-compatible.ts';
import { openrouter } from './presets/openrouter.ts';
import { together } from './presets/together.ts';
import { vllm } from './presets/vllm.ts';
import type { ProviderPreset } from './provider.ts';

/** The providers that are known without being registered. */
export const BUILT_IN_PRESETS: readonly ProviderPreset[] = [
  openai,
  azure,
  anthropic,
  groq,
  mistral,
  openrouter,
  together,
  gemini,
  vllm,
  ollama,
  openAiCompatible,
];

/** A provider of one's own: its name, and what differs from a server that speaks OpenAI's formats below `/v1`. */
export type ProviderDefinition = Pick<ProviderPreset, 'name'> & Partial<ProviderPreset>;

const NAME = /^[a-z0-9][a-z0-9._-]*$/;
const ANTHROPIC_PATH = /\/messages(?:\/|$)/;
const AZURE_PATH = /\/openai\/deployments\//;

const registered: ProviderPreset[] = [];

/** The preset of this name or alias, upper or lower case, with `_` or `-`. Fails with `InvalidConfiguration`, which lists the known ones. */
export function findPreset(name: string): ProviderPreset {
  const preset = presetNamed(name);
  if (preset) return preset;
  const known = allPresets().map((each) => `'${each.name}'`);
  throw new InvalidConfiguration(
    `Provider '${String(name).slice(0, 100)}' is not known. Known: ${known.join(', ')}. ` +
      "For another server that speaks OpenAI's formats take 'openai-compatible' with a baseUrl, or register your own with registerProvider.",
    'provider',
  );
}

/**
 * Adds a provider of one's own to this process, so that configurations can name it. What the definition leaves out is
 * taken from `openai-compatible`. Returns the preset and a function that takes it away again. A name, or alias, that is
 * taken is refused with `InvalidConfiguration`.
 */
export function registerProvider(definition: ProviderDefinition): { readonly preset: ProviderPreset; readonly unregister: () => void } {
  const defined: ProviderPreset = { ...openAiCompatible, ...definition };
  requireValid(defined);
  const preset = { ...defined, readLimits: neverThrowing(defined.readLimits) };
  registered.push(preset);
  const unregister = (): void => {
    const at = registered.indexOf(preset);
    if (at >= 0) registered.splice(at, 1);
  };
  return { preset, unregister };
}

/**
 * The preset for a call's or base URL: by its host; else by its path, as one of Azure's or Anthropic's; else
 * `openai-compatible`. Providers of one's own are asked first.
 */
export function presetForUrl(url: string | URL): ProviderPreset {
  if (!URL.canParse(String(url))) throw new InvalidConfiguration(`'${String(url).slice(0, 200)}' is no URL.`, 'baseUrl');
  const parsed = new URL(url);
  const byHost = [...registered, ...BUILT_IN_PRESETS].find((preset) => isAtHostOf(preset, parsed));
  if (byHost) return byHost;
  if (AZURE_PATH.test(parsed.pathname)) return azure;
  return ANTHROPIC_PATH.test(parsed.pathname) ? anthropic : openAiCompatible;
}

function allPresets(): readonly ProviderPreset[] {
  return [...BUILT_IN_PRESETS, ...registered];
}

function presetNamed(name: string): ProviderPreset | undefined {
  const wanted = spelled(String(name));
  return allPresets().find((preset) => [preset.name, ...(preset.aliases ?? [])].some((each) => spelled(each) === wanted));
}

function spelled(name: string): string {
  return name.trim().toLowerCase().replaceAll('_', '-');
}

/** What a stranger's function throws must not end a call that had its answer. */
function neverThrowing(readLimits: ProviderPreset['readLimits']): ProviderPreset['readLimits'] {
  return (headers, wallMs) => {
    try {
      return readLimits(headers, wallMs);
    } catch {
      return [];
    }
  };
}

function requireValid(preset: ProviderPreset): void {
  const { name } = preset;
  const fail = (what: string, path: string): never => {
    throw new InvalidConfiguration(`registerProvider '${String(name).slice(0, 100)}': ${what}`, path);
  };
  if (typeof name !== 'string' || !NAME.test(name)) fail("the name must be of a-z, 0-9, '.', '_' and '-', as 'my-gateway'.", 'name');
  for (const each of [name, ...(preset.aliases ?? [])]) {
    if (presetNamed(each)) fail(`the name '${each}' is taken. Choose another.`, 'name');
  }
  if (preset.formats.length === 0) fail('it needs at least one format.', 'formats');
  if (typeof preset.path !== 'function') fail('path must be a function of the format.', 'path');
  if (typeof preset.readLimits !== 'function') fail('readLimits must be a function of the headers.', 'readLimits');
}
