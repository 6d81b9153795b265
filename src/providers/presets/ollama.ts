import { readNoLimits } from '../headers/limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/**
 * Ollama: on this machine it takes any key, or none; its cloud wants one. It has no limits but how many calls it can run
 * at once.
 *
 * Source: docs.ollama.com/api/openai-compatibility (0.40, 2026-10), …/api/anthropic-compatibility.
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
  readLimits: readNoLimits,
};
