import { GROQ_LIMIT_HEADERS } from '../headers/known-limit-headers.ts';
import { limitReader } from '../headers/limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/**
 * Groq. Buckets that refill continuously, per organisation. Its errors show input + output limit as what was requested;
 * whether it gives anything back is undocumented, so nothing is counted on. Cached tokens don't count.
 *
 * Sources: console.groq.com/docs/rate-limits, …/docs/errors (2026), …/docs/openai (read 2026-11-22).
 */
export const groq: ProviderPreset = {
  name: 'groq',
  baseUrl: 'https://api.groq.com/openai/v1',
  basePath: '/openai/v1',
  hosts: ['api.groq.com'],
  keyVariable: 'GROQ_API_KEY',
  formats: ['openai-chat', 'openai-responses'],
  auth: 'bearer',
  path: openAiPath,
  modelsPath: '/models',
  cost: 'sum-up-front',
  countsCacheReads: false,
  readLimits: limitReader(GROQ_LIMIT_HEADERS),
};
