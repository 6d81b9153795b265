import type { LLMClient } from '../../client/llm/llm-client.ts';
import type { LLMManager } from '../../client/llm/llm-manager.ts';
import { UsageError } from '../usage-error.ts';

/** Who answers. */
export interface ChosenClient {
  readonly client: LLMClient;
  /** Undefined: the client's default. */
  readonly model: string | undefined;
}

/** The client that has a model; without one the default client and its default model. @throws UsageError naming the models there are */
export function chooseClient(manager: LLMManager, model: string | undefined): ChosenClient {
  if (model === undefined) return { client: manager.getClient(), model };
  const clients = manager.listProviders().map((name) => manager.getClient(name));
  const client = clients.find(({ models }) => models.includes(model));
  if (client === undefined)
    throw new UsageError(`No client has the model '${model}'. There are: ${modelsOf(manager).join(', ') || 'none'}.`);
  return { client, model };
}

/** All models that can be asked for. */
export function modelsOf(manager: LLMManager): readonly string[] {
  return [...new Set(manager.listProviders().flatMap((name) => manager.getClient(name).models))];
}
