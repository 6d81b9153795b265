import { hash } from 'node:crypto';
import type { DeploymentEntry, HeadgateConfig } from '../config/headgate-config-types.ts';
import type { LimitUsage } from '../engine/limit-usage.ts';

/**
 * At which accounts a limit counts: by its owner, as `deployment openai-1`, `model gpt-4o` or `domain family`, a mark of each provider,
 * address and key. A mark tells nobody what the key is.
 */
export type LimitAccounts = Readonly<Record<string, readonly string[]>>;

export function limitAccounts({ models }: Pick<HeadgateConfig, 'models'>): LimitAccounts {
  const accounts: Record<string, Set<string>> = {};
  const add = (owner: string, deployment: DeploymentEntry): void => {
    accounts[owner] ??= new Set();
    accounts[owner].add(markOf(deployment));
  };
  for (const [modelId, { deployments, rateLimiters }] of Object.entries(models)) {
    for (const deployment of deployments) {
      add(`deployment ${deployment.id}`, deployment);
      add(`model ${modelId}`, deployment);
      for (const { domain } of [...rateLimiters, ...deployment.rateLimiters]) if (domain !== undefined) add(`domain ${domain}`, deployment);
    }
  }
  return Object.fromEntries(Object.entries(accounts).map(([owner, marks]) => [owner, [...marks]]));
}

function markOf({ provider, baseUrl, apiKey }: DeploymentEntry): string {
  return hash('sha256', JSON.stringify([provider, baseUrl, apiKey]), 'base64url').slice(0, 16);
}

/** Whether what was counted in a limit counts in the one of that name now: it was at one of the same accounts. */
export function isSameAccount({ limit }: Pick<LimitUsage, 'limit'>, before: LimitAccounts, now: LimitAccounts): boolean {
  const owner = ownerOf(limit, now);
  // Of a model without deployments, whose callers bring their own, nobody knows.
  return owner === undefined || now[owner]?.some((mark) => before[owner]?.includes(mark)) === true;
}

/** The longest that is known: names may have slashes, and one may begin with another. */
function ownerOf(limit: string, accounts: LimitAccounts): string | undefined {
  for (let end = limit.lastIndexOf('/'); end > 0; end = limit.lastIndexOf('/', end - 1)) {
    const owner = limit.slice(0, end);
    if (accounts[owner] !== undefined) return owner;
  }
  return undefined;
}
