import type { ConfigPath } from '../headgate-config-problems.ts';
import type { DeploymentEntry, ModelType } from '../headgate-config-types.ts';

/** A deployment of one model, before it is put together with others of the same id and model. */
export interface Draft {
  readonly modelId: string;
  /** Where it was written. */
  readonly path: ConfigPath;
  /** What was said of the deployment; fields that were left out are undefined. */
  readonly given: Partial<Omit<DeploymentEntry, 'id'>> & { readonly provider: string };
  readonly id: string;
  /** What the model does, where the deployment's section says so. */
  readonly type?: ModelType | undefined;
}
