import type { CheckedConfig } from '../headgate-config-schema.ts';
import type { DeploymentIds } from './deployment-ids.ts';
import type { Draft } from './draft.ts';
import { perMinute } from './per-minute.ts';

/** System B's resources: a deployment for each model of each. */
export function azureDrafts(resources: CheckedConfig['azureOpenAi'], ids: DeploymentIds): Draft[] {
  return resources.flatMap(({ azureOaiModels, apiKey, apiVersion, apiType, azureEndpoint }, resource) => {
    const provider = apiType === 'azure' ? 'azure' : 'openai';
    return azureOaiModels.map((model, index): Draft => {
      const { uniqueModelId, modelNameInAzure = uniqueModelId, modelType } = model;
      const { deploymentNameInAzure = modelNameInAzure } = model;
      return {
        modelId: uniqueModelId,
        path: ['azureOpenAi', resource, 'azureOaiModels', index],
        id: ids.next(provider),
        type: modelType,
        given: {
          provider,
          baseUrl: azureEndpoint,
          apiKey: apiKey === '' ? undefined : apiKey,
          apiVersion,
          model: deploymentNameInAzure,
          rateLimiters: perMinute({ rpm: model.reqPerMin, tpm: model.tokensPerMin }),
          errorBackoffInSeconds: model.errorBackoffInSeconds,
          azure: { apiType, azureEndpoint, modelNameInAzure, deploymentNameInAzure, modelType },
        },
      };
    });
  });
}
