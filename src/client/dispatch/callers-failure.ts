import { ProviderFailure } from '../../providers/provider-failure.ts';

/**
 * What a failure of a call with its caller's own key means for the others: nothing. A key that is refused is that caller's
 * matter, and must not disable the deployment for whoever brings another.
 */
export function callersFailure(error: unknown): unknown {
  if (!(error instanceof ProviderFailure) || error.scope !== 'account') return error;
  const { message, code, retryable, failOver, deploymentId, reply } = error;
  return new ProviderFailure({
    message,
    code,
    retryable,
    failOver,
    scope: 'request',
    cause: error.cause ?? error,
    ...(deploymentId !== undefined && { deploymentId }),
    ...(reply !== undefined && { reply }),
  });
}
