import { OPENAI_LIMIT_HEADERS } from '../headers/known-limit-headers.ts';
import { limitReader } from '../headers/limit-headers.ts';
import type { ProviderPreset, WireFormatName } from '../provider.ts';
import { openAiPath } from './openai-paths.ts';

/** Below `/openai/deployments/{deployment}` with a dated API version; the responses API never was. */
const DEPLOYMENT_FORMATS: ReadonlySet<WireFormatName> = new Set<WireFormatName>(['openai-chat', 'openai-embeddings']);

/**
 * Azure OpenAI, also called Foundry. With an `apiVersion` the dated API, where `model`, the deployment's name, stands in the
 * path; without one the v1 API. Fixed minutes for tokens, parts of a minute for requests; a call is charged an estimate of
 * its input and its whole output limit. Reset headers are bare seconds; -1 means unknown; remaining may be negative.
 *
 * Sources: learn.microsoft.com/azure/foundry/openai/how-to/quota and …/api-version-lifecycle (read 2026-11); headers:
 * learn.microsoft.com/answers/questions/5625878, github.com/openai/openai-dotnet issue 838; paths: npm openai 7.57.0, src/azure.ts.
 */
export const azure: ProviderPreset = {
  name: 'azure',
  aliases: ['azure-openai'],
  basePath: '',
  notInBase: /\/v1$|\/openai(?:\/v1|\/deployments(?:\/[^/]+)?)?$/,
  hosts: ['*.openai.azure.com', '*.cognitiveservices.azure.com', '*.services.ai.azure.com'],
  keyVariable: 'AZURE_OPENAI_API_KEY',
  formats: ['openai-chat', 'openai-responses', 'openai-embeddings'],
  auth: 'api-key',
  path: (format, { model, apiVersion }) => {
    if (apiVersion === undefined) return `/openai/v1${openAiPath(format)}`;
    const deployment = DEPLOYMENT_FORMATS.has(format) ? `/deployments/${encodeURIComponent(model)}` : '';
    return `/openai${deployment}${openAiPath(format)}?api-version=${encodeURIComponent(apiVersion)}`;
  },
  modelsPath: '/openai/v1/models',
  cost: 'sum-up-front',
  countsCacheReads: true,
  readLimits: limitReader(OPENAI_LIMIT_HEADERS),
};
