import { maskKey } from '../../config/expand/mask-key.ts';
import type { ModelType } from '../../config/headgate-config-types.ts';

/** Node's name for what `console.log` shows of an object. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** The deployment that was chosen for a request, as an executor needs it to make its call. Its key is masked where it is logged. */
export interface ChosenLlm {
  /** What preferences name; replicas have it in common. */
  readonly uniqueModelId: string;
  /** This deployment alone: `uniqueModelId`, with `#2`, `#3`, … for replicas. */
  readonly deploymentId: string;
  readonly modelType: ModelType;
  readonly apiKey?: string | undefined;
  readonly apiVersion?: string | undefined;
  /** `azure`, `openai`, or the name of the provider. */
  readonly apiType?: string | undefined;
  /** The endpoint: Azure's, or the provider's base URL. */
  readonly azureEndpoint?: string | undefined;
  readonly modelNameInAzure?: string | undefined;
  /** What to ask the endpoint for. */
  readonly deploymentNameInAzure?: string | undefined;
  /** Custom models: the module that calls it … */
  readonly modulePath?: string | undefined;
  /** … and what that module exports; see `loadCustomModel`. */
  readonly exportName?: string | undefined;
}

/** The same, whose key is masked when it is logged, inspected or turned into JSON. */
export function dumpingMasked(chosen: ChosenLlm): ChosenLlm {
  const masked = (): ChosenLlm => (chosen.apiKey === undefined ? { ...chosen } : { ...chosen, apiKey: maskKey(chosen.apiKey) });
  // Not enumerable: a copy made by spreading is a plain object.
  return Object.freeze(Object.defineProperties({ ...chosen }, { toJSON: { value: masked }, [INSPECT]: { value: masked } }));
}
