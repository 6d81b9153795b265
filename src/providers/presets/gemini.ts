import { readNoLimits } from '../headers/limit-headers.ts';
import type { ProviderPreset } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/**
 * Google's Gemini by its OpenAI-compatible endpoint. Limits per project and model; those on tokens count input only, so
 * enter them as `itpm`. Days end at midnight Pacific time. No headers: what a refusal says is in its body.
 *
 * Sources: ai.google.dev/gemini-api/docs/rate-limits (2026-08-18), …/docs/openai, …/docs/troubleshooting.
 */
export const gemini: ProviderPreset = {
  name: 'gemini',
  aliases: ['google', 'google-gemini'],
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  basePath: '/v1beta/openai',
  hosts: ['generativelanguage.googleapis.com'],
  keyVariable: 'GEMINI_API_KEY',
  formats: ['openai-chat', 'openai-embeddings'],
  auth: 'bearer',
  path: openAiPath,
  modelsPath: '/models',
  cost: 'metered-output',
  readLimits: readNoLimits,
};
