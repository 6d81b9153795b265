import { ProviderFailure } from '../../providers/provider-failure.ts';

/**
 * What a failure of a call with its caller's own key means for the others: nothing. A key that is refused is that caller's
 * matter, and must not disable the deployment for whoever brings another.
 */
export function callersFailure(error: unknown): unknown {
  return error instanceof ProviderFailure && error.scope === 'account' ? error.with({ scope: 'request' }) : error;
}
