import type { HeadgateConfig, ModelEntry } from '../../config/headgate-config-types.ts';
import type { ModelConfig } from '../../config/model-config.ts';
import type { QueueManager, ShutdownOptions } from '../../engine/queue-manager.ts';
import { deploymentProcessor } from '../deployment-processor.ts';
import { modelConfigOf } from './model-config-of.ts';
import { type ModelRoute, modelRoute } from './model-route.ts';
import { openUpstream, type UpstreamParts } from './open-upstream.ts';
import type { Upstream } from './upstream.ts';

/** The models of one headgate: each with its queue, and with the connections that its deployments are called over. */
export class ModelCatalogue {
  readonly #queues: QueueManager;
  readonly #parts: UpstreamParts;
  readonly #routes = new Map<string, ModelRoute>();

  constructor(queues: QueueManager, parts: UpstreamParts) {
    this.#queues = queues;
    this.#parts = parts;
  }

  /** By model id. */
  get routes(): ReadonlyMap<string, ModelRoute> {
    return this.#routes;
  }

  /** Whether a model of this id has a queue, be it one that is being closed. */
  isTaken(modelId: string): boolean {
    return this.#routes.has(modelId) || this.#queues.getRegisteredModels().includes(modelId);
  }

  /** Adds a configured model. Throws `InvalidConfiguration`. */
  add(modelId: string, entry: ModelEntry): void {
    const upstreams = entry.deployments.map((deployment) => openUpstream(modelId, entry, deployment, this.#parts));
    this.open(modelRoute(modelId, upstreams, entry.fallbacks), modelConfigOf(modelId, entry, upstreams));
  }

  addAll({ models }: Pick<HeadgateConfig, 'models'>): void {
    for (const [modelId, entry] of Object.entries(models)) this.add(modelId, entry);
  }

  /** Adds a model whose connections are there already. */
  open(route: ModelRoute, config: ModelConfig): void {
    const byId: ReadonlyMap<string, Upstream> = new Map(route.upstreams.map((upstream) => [upstream.id, upstream]));
    try {
      this.#queues.registerQueue(config, deploymentProcessor(byId, this.#parts.clock));
    } catch (error) {
      closeAll(route).catch(() => {});
      throw error;
    }
    this.#routes.set(route.modelId, route);
  }

  /** Takes a model's queue away once it is empty, then closes its connections. */
  async remove(modelId: string, options?: ShutdownOptions): Promise<void> {
    const route = this.#routes.get(modelId);
    if (route === undefined) return;
    this.#routes.delete(modelId);
    await this.#queues.unregisterQueue(modelId, options);
    await closeAll(route);
  }

  /** Closes every connection; call it once the queues have stopped. Routes stay: whoever still calls is told that it stopped. */
  async close(): Promise<void> {
    await Promise.all([...this.#routes.values()].map(closeAll));
  }
}

async function closeAll({ upstreams }: ModelRoute): Promise<void> {
  await Promise.all(upstreams.map((upstream) => upstream.close()));
}
