import { readNoLimits } from '../headers/limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/**
 * Ollama: on this machine it takes any key, or none; its cloud wants one, and what that refuses pauses it. The server has
 * no limits but how many calls it can run at once (`OLLAMA_NUM_PARALLEL`) and how many may wait there (`OLLAMA_MAX_QUEUE`,
 * 512): it answers the next with 503.
 *
 * Sources: docs.ollama.com/api/openai-compatibility (0.40, 2026-10), …/api/anthropic-compatibility, docs.ollama.com/faq;
 * 503: github.com/ollama/ollama pull request 4144.
 */
export const ollama: ProviderPreset = {
  name: 'ollama',
  baseUrl: 'http://localhost:11434/v1',
  basePath: '/v1',
  hosts: ['localhost:11434', '127.0.0.1:11434', 'ollama.com'],
  keyVariable: 'OLLAMA_API_KEY',
  formats: ['openai-chat', 'openai-responses', 'openai-embeddings', 'anthropic-messages'],
  auth: 'bearer',
  path: openAiPath,
  modelsPath: '/models',
  cost: 'reserved-then-settled',
  limitsRates: false,
  readLimits: readNoLimits,
};
