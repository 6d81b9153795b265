import { readNoLimits } from '../headers/limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/**
 * Together. Limits that follow its capacity and one's recent use. Its headers (`x-ratelimit-limit` without a unit of
 * time) are not read: the documentation speaks of seconds in one version and of minutes in another.
 *
 * Sources: docs.together.ai/docs/rate-limits (read 2026-11-22), support.together.ai article 8988956.
 */
export const together: ProviderPreset = {
  name: 'together',
  aliases: ['together-ai', 'togetherai'],
  baseUrl: 'https://api.together.xyz/v1',
  basePath: '/v1',
  hosts: ['api.together.xyz', 'api.together.ai'],
  keyVariable: 'TOGETHER_API_KEY',
  formats: ['openai-chat', 'openai-embeddings'],
  auth: 'bearer',
  path: openAiPath,
  modelsPath: '/models',
  cost: 'reserved-then-settled',
  readLimits: readNoLimits,
};
