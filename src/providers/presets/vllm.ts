import { readAnyLimits } from '../headers/known-limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/**
 * vLLM, where you run it: there is no base to assume but its default port. It has no limits of its own; headers are read
 * because a proxy before it may have some. A key is needed only where it was started with one. Its
 * scheduler runs `max_num_seqs` calls at once and lets the others wait.
 *
 * Sources: docs.vllm.ai/en/v0.32.0/serving/online_serving (read 2026-11-22), docs.vllm.ai/en/stable/api/vllm/config/scheduler.
 */
export const vllm: ProviderPreset = {
  name: 'vllm',
  baseUrl: 'http://localhost:8000/v1',
  basePath: '/v1',
  keyVariable: 'VLLM_API_KEY',
  formats: ['openai-chat', 'openai-responses', 'openai-embeddings', 'anthropic-messages'],
  auth: 'bearer',
  path: openAiPath,
  modelsPath: '/models',
  cost: 'reserved-then-settled',
  limitsRates: false,
  readLimits: readAnyLimits,
};
