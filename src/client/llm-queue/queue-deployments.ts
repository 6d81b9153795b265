import type { CustomModelEntry, DeploymentEntry, HeadgateConfig, ModelEntry } from '../../config/headgate-config-types.ts';
import type { RateLimiterConfig } from '../../config/rate-limiter-config.ts';
import { keysInHeaders } from '../../providers/http/secret.ts';
import { type ChosenLlm, dumpingMasked } from './chosen-llm.ts';

/** Which of the two models that a request may need. */
export type ModelKind = 'embedding' | 'llm';

/** A deployment as the queue uses it. */
export interface QueueDeployment {
  readonly id: string;
  readonly kind: ModelKind;
  readonly chosen: ChosenLlm;
  readonly rateLimiters: readonly RateLimiterConfig[];
  readonly weight: number;
  readonly errorBackoffInSeconds: number;
}

/** Every deployment of a configuration, custom models included. Limits over all deployments of one model become a shared domain. */
export function queueDeployments(config: HeadgateConfig): QueueDeployment[] {
  const models = Object.entries(config.models).flatMap(([modelId, model]) =>
    model.deployments.map((deployment) => fromDeployment(modelId, model, deployment)),
  );
  return withOwnIds([...models, ...config.customModels.map(fromCustomModel)]);
}

/** The keys of all of them, those in headers included. */
export function keysOf({ models }: HeadgateConfig): string[] {
  const deployments = Object.values(models).flatMap((model) => model.deployments);
  return deployments.flatMap(({ apiKey, headers }) => [...(apiKey === undefined ? [] : [apiKey]), ...keysInHeaders(headers)]);
}

type Unnamed = Omit<QueueDeployment, 'id' | 'chosen'> & { readonly chosen: Omit<ChosenLlm, 'deploymentId'> };

function fromDeployment(uniqueModelId: string, { type, rateLimiters }: ModelEntry, entry: DeploymentEntry): Unnamed {
  const { azure } = entry;
  const modelType = azure?.modelType ?? type;
  const ofModel = rateLimiters.map((limit) => ({ ...limit, domain: limit.domain ?? `model ${uniqueModelId}` }));
  return {
    kind: modelType === 'embeddings' ? 'embedding' : 'llm',
    chosen: {
      uniqueModelId,
      modelType,
      apiKey: entry.apiKey,
      apiVersion: entry.apiVersion,
      apiType: azure?.apiType ?? entry.provider,
      azureEndpoint: azure?.azureEndpoint ?? entry.baseUrl,
      modelNameInAzure: azure?.modelNameInAzure ?? entry.model,
      deploymentNameInAzure: azure?.deploymentNameInAzure ?? entry.model,
    },
    rateLimiters: [...entry.rateLimiters, ...ofModel],
    weight: entry.weight,
    errorBackoffInSeconds: entry.errorBackoffInSeconds,
  };
}

function fromCustomModel({
  uniqueModelId,
  modelType,
  modulePath,
  exportName,
  rateLimiters,
  errorBackoffInSeconds,
}: CustomModelEntry): Unnamed {
  return {
    kind: modelType === 'embeddings' ? 'embedding' : 'llm',
    chosen: { uniqueModelId, modelType, modulePath, exportName },
    rateLimiters,
    weight: 1,
    errorBackoffInSeconds,
  };
}

/** Telemetry names deployments by their models' ids, so those are their own ids too; replicas are numbered. */
function withOwnIds(unnamed: readonly Unnamed[]): QueueDeployment[] {
  const taken = new Set<string>();
  return unnamed.map((deployment) => {
    const { uniqueModelId } = deployment.chosen;
    let id = uniqueModelId;
    for (let number = 2; taken.has(id); number++) id = `${uniqueModelId}#${number}`;
    taken.add(id);
    return { ...deployment, id, chosen: dumpingMasked({ ...deployment.chosen, deploymentId: id }) };
  });
}
