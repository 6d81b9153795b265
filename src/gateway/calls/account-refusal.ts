import { providerFailureIn } from '../../client/dispatch/failure-chain.ts';

/** What callers are told where a provider refuses the account behind a deployment. */
export interface AccountRefusal {
  readonly code: string;
  readonly message: string;
  readonly deploymentId: string | undefined;
}

/** A caller's own 401, 402 or 429 would say that of the caller. */
export const ACCOUNT_REFUSED_STATUS = 502;

/**
 * Whether a provider refused the gateway's own account: its key, its plan, its money. What it said may hold parts of the key and names
 * the account; that is for the log of whoever runs the gateway.
 */
export function accountRefusalIn(error: unknown): AccountRefusal | undefined {
  const failure = providerFailureIn(error);
  if (failure?.scope !== 'account') return undefined;
  const { code, deploymentId } = failure;
  const where = deploymentId === undefined ? 'A provider' : `The provider of deployment '${deploymentId}'`;
  return { code, deploymentId, message: `${where} refused the gateway's own account (${code}). What it said is in the gateway's log.` };
}
