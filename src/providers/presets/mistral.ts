import { MISTRAL_LIMIT_HEADERS } from '../headers/known-limit-headers.ts';
import { limitReader } from '../headers/limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/**
 * Mistral. Requests a second and tokens a minute (input and output), per organisation; how it charges a call is
 * undocumented. `x-ratelimit-limit-req-minute: 0` means that the model is not on the plan.
 *
 * Sources: docs.mistral.ai/deployment/ai-studio/tier, help.mistral.ai (2026); headers as answers had them.
 */
export const mistral: ProviderPreset = {
  name: 'mistral',
  baseUrl: 'https://api.mistral.ai/v1',
  basePath: '/v1',
  hosts: ['api.mistral.ai', 'codestral.mistral.ai'],
  keyVariable: 'MISTRAL_API_KEY',
  formats: ['openai-chat', 'openai-embeddings'],
  auth: 'bearer',
  path: openAiPath,
  modelsPath: '/models',
  cost: 'reserved-then-settled',
  readLimits: limitReader(MISTRAL_LIMIT_HEADERS),
};
