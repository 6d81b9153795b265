import { OPENAI_LIMIT_HEADERS } from '../headers/known-limit-headers.ts';
import { limitReader } from '../headers/limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/**
 * OpenAI. Buckets that refill continuously, per organisation and project and model; a call is charged the larger of its
 * output limit and an estimate of its input when it is admitted, cached tokens included, and nothing is given back.
 *
 * Sources: developers.openai.com/api/docs/guides/rate-limits (copy of 2026-10-04), …/guides/error-codes; base and key
 * variable: npm openai 7.57.0 (2026-11-13), src/client.ts.
 */
export const openai: ProviderPreset = {
  name: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  basePath: '/v1',
  hosts: ['api.openai.com', '*.api.openai.com'],
  keyVariable: 'OPENAI_API_KEY',
  formats: ['openai-chat', 'openai-responses', 'openai-embeddings'],
  auth: 'bearer',
  path: openAiPath,
  modelsPath: '/models',
  cost: 'largest-up-front',
  countsCacheReads: true,
  readLimits: limitReader(OPENAI_LIMIT_HEADERS),
};
