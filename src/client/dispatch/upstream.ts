import type { Endpoint } from '../../providers/provider.ts';
import type { CallerAuth } from './caller-key.ts';

/** A deployment as the processor needs it: where a call goes once the engine has chosen. */
export interface Upstream {
  readonly id: string;
  /** The provider's preset name. */
  readonly provider: string;
  /** The provider's own name of the model. */
  readonly model: string;
  readonly baseUrl: string;
  readonly endpoint: Endpoint;
  /** Whether it has a key of its own, configured or from the environment. */
  readonly hasKey: boolean;
  /** The connection for a caller: one with the caller's own key where the deployment has none. */
  endpointFor(auth: CallerAuth | undefined): Endpoint;
  /** Closes every connection once its calls are over. */
  close(): Promise<void>;
}
