import { ProviderFailure } from '../../providers/provider-failure.ts';
import type { PoolClient } from './pool-client.ts';

const REFUSES_THE_KEY = new Set([401, 403, 407]);

/**
 * Whether a client's key and endpoint work: asks for the list of models, which costs nothing. A server that answers at
 * all, but knows no such list, works; one that has no list at all is taken to work.
 */
export async function checkHealth(client: PoolClient): Promise<boolean> {
  try {
    const endpoint = client.upstream(undefined)?.endpoint;
    const path = endpoint?.preset.modelsPath;
    if (endpoint === undefined || path === undefined) return true;
    await endpoint.get(path);
    return true;
  } catch (error) {
    const status = error instanceof ProviderFailure ? error.reply?.status : undefined;
    // Without a reply there was no answer; a refusal for the rate of calls is an answer.
    if (!(error instanceof ProviderFailure)) return true;
    return status !== undefined && status < 500 && !REFUSES_THE_KEY.has(status);
  }
}
