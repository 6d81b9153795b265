import { InvalidConfiguration } from '../../domain/errors.ts';
import type { ProviderPreset, WireFormatName } from '../provider.ts';

const PATHS: Readonly<Record<WireFormatName, string>> = {
  'openai-chat': '/chat/completions',
  'openai-responses': '/responses',
  'openai-embeddings': '/embeddings',
  // Servers that speak OpenAI's formats below /v1 have Anthropic's beside them.
  'anthropic-messages': '/messages',
};

/** Paths below a base that ends in `/v1`, or in what stands for it. */
export function openAiPath(format: WireFormatName): string {
  return PATHS[format];
}

/** Fails where a provider is asked for a format that it doesn't speak. */
export function requireFormat(preset: ProviderPreset, format: WireFormatName): void {
  if (preset.formats.includes(format)) return;
  throw new InvalidConfiguration(
    `Provider '${preset.name}' doesn't speak '${format}'. It speaks: ${preset.formats.join(', ')}. ` +
      'Use another format or provider, or register one of your own with registerProvider where the server speaks it after all.',
  );
}
