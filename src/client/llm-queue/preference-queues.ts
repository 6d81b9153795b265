import type { ModelConfig } from '../../config/model-config.ts';
import { ResourceAvailabilityError } from '../../domain/llm-queue-errors.ts';
import type { ModelPreferences } from './model-preferences.ts';
import type { ModelKind, QueueDeployment } from './queue-deployments.ts';

const PARTS: Readonly<Record<ModelKind, string>> = { embedding: 'an embedding model', llm: 'a language model' };

/** What one queue serves: for each kind that is required, one model or any. */
export interface QueueNeed {
  readonly kind: ModelKind;
  /** Undefined: any of its kind. */
  readonly modelId: string | undefined;
}

/** Which kinds a request needs, in the order in which executors get them. */
export function needsOf(preferences: ModelPreferences): QueueNeed[] {
  const { requireEmbeddingModel, specificEmbeddingModel, requireLlmModel, specificLlmModel } = preferences;
  return [
    ...(requireEmbeddingModel ? [{ kind: 'embedding' as const, modelId: specificEmbeddingModel }] : []),
    ...(requireLlmModel ? [{ kind: 'llm' as const, modelId: specificLlmModel }] : []),
  ];
}

/** The name of the queue for these needs; ids are encoded, so that no id can look like another queue's name. */
export function queueName(needs: readonly QueueNeed[]): string {
  if (needs.length === 0) return 'none';
  return needs.map(({ kind, modelId }) => (modelId === undefined ? kind : `${kind}:${encodeURIComponent(modelId)}`)).join('+');
}

/** The deployments that satisfy a need. Throws `ResourceAvailabilityError` where there is none. */
function serving(need: QueueNeed, deployments: readonly QueueDeployment[]): QueueDeployment[] {
  const found = deployments.filter(
    ({ kind, chosen }) => kind === need.kind && (need.modelId === undefined || chosen.uniqueModelId === need.modelId),
  );
  if (found.length === 0) throw new ResourceAvailabilityError(need.modelId ?? `any ${PARTS[need.kind].replace(/^an? /, '')}`);
  return found;
}

/** A deployment of an engine's queue. */
type EngineDeployment = NonNullable<ModelConfig['deployments']>[number];

/** Every way to satisfy all needs at once: single deployments, or combinations whose parts are reserved in one step. */
export function engineDeployments(
  needs: readonly QueueNeed[],
  deployments: readonly QueueDeployment[],
  single: (deployment: QueueDeployment) => EngineDeployment,
): EngineDeployment[] {
  const [first, second] = needs.map((need) => serving(need, deployments));
  if (first === undefined) return [];
  if (second === undefined) return first.map(single);
  return first.flatMap((embedding) =>
    second.map((llm) => ({ id: `${embedding.id} × ${llm.id}`, parts: { embedding: embedding.id, llm: llm.id } })),
  );
}
