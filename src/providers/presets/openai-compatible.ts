import { readAnyLimits } from '../headers/known-limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/** Any server that speaks OpenAI's formats: nothing is known of it but that. It needs a `baseUrl`. */
export const openAiCompatible: ProviderPreset = {
  name: 'openai-compatible',
  basePath: '/v1',
  formats: ['openai-chat', 'openai-responses', 'openai-embeddings'],
  auth: 'bearer',
  path: openAiPath,
  modelsPath: '/models',
  cost: 'reserved-then-settled',
  readLimits: readAnyLimits,
};
