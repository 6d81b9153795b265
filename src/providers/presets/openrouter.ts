import { readOpenRouterLimits } from '../headers/openrouter-limits.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/**
 * OpenRouter. Free models: 20 requests a minute, and 50 or 1,000 a day that end at midnight UTC, per account whatever
 * the key. Paid ones: credits and what the provider behind it allows. Limits are told on errors only.
 *
 * Sources: openrouter.ai/docs/api-reference/limits, …/errors (2026); Anthropic's format: its `POST /messages`.
 */
export const openrouter: ProviderPreset = {
  name: 'openrouter',
  baseUrl: 'https://openrouter.ai/api/v1',
  basePath: '/api/v1',
  hosts: ['openrouter.ai', '*.openrouter.ai'],
  keyVariable: 'OPENROUTER_API_KEY',
  formats: ['openai-chat', 'openai-responses', 'openai-embeddings', 'anthropic-messages'],
  auth: 'bearer',
  path: openAiPath,
  modelsPath: '/models',
  cost: 'reserved-then-settled',
  readLimits: readOpenRouterLimits,
};
