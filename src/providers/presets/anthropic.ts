import { ANTHROPIC_LIMIT_HEADERS } from '../headers/known-limit-headers.ts';
import { limitReader } from '../headers/limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';

/**
 * Anthropic. Buckets that refill continuously, per organisation and class of models, with input and output apart: input
 * is charged when a call is admitted, output as it is produced, and `max_tokens` doesn't count. Cache reads are free on
 * all current models (Haiku 3.5 counted them).
 *
 * Sources: platform.claude.com/docs/en/api/rate-limits and …/api/errors (2026-10); version header, base and key variable:
 * npm @anthropic-ai/sdk 1.12.0 (2026-11-20), whose calls bring a later version of their own.
 */
export const anthropic: ProviderPreset = {
  name: 'anthropic',
  aliases: ['claude'],
  baseUrl: 'https://api.anthropic.com',
  basePath: '',
  notInBase: /\/v1$/,
  hosts: ['api.anthropic.com', '*.api.anthropic.com'],
  keyVariable: 'ANTHROPIC_API_KEY',
  formats: ['anthropic-messages'],
  auth: 'x-api-key',
  headers: { 'anthropic-version': '2023-06-01' },
  path: () => '/v1/messages',
  modelsPath: '/v1/models',
  cost: 'metered-output',
  countsCacheReads: false,
  readLimits: limitReader(ANTHROPIC_LIMIT_HEADERS),
};
