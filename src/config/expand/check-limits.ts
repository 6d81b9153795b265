import type { ConfigPath, Problem } from '../headgate-config-problems.ts';
import type { CheckedConfig } from '../headgate-config-schema.ts';
import { type RateLimiterConfig, spelledOut } from '../rate-limiter-config.ts';
import { nearest } from './near-key.ts';
import { sameValue } from './same-value.ts';

interface PlacedLimit {
  readonly path: ConfigPath;
  readonly limit: RateLimiterConfig;
}

/** What is wrong with limits beyond one limit: domains that nobody declared, a limit said twice, one domain with two sizes. */
export function limitProblems(checked: CheckedConfig): Problem[] {
  const lists = limitLists(checked);
  return [...domainProblems(checked), ...lists.flatMap(twice), ...disagreements(lists.flat())];
}

function limitLists({ models, domains }: CheckedConfig): PlacedLimit[][] {
  const placed = (limits: readonly RateLimiterConfig[] = [], path: ConfigPath, domain?: string): PlacedLimit[] =>
    limits.map((limit, index) => ({ path: [...path, 'rateLimiters', index], limit: domain === undefined ? limit : { ...limit, domain } }));
  return [
    ...Object.entries(domains).map(([name, { rateLimiters }]) => placed(rateLimiters, ['domains', name], name)),
    ...Object.entries(models).flatMap(([id, { rateLimiters, deployments = [] }]) => [
      placed(rateLimiters, ['models', id]),
      ...deployments.map((deployment, index) => placed(deployment.rateLimiters, ['models', id, 'deployments', index])),
    ]),
  ];
}

function domainProblems({ models, domains }: CheckedConfig): Problem[] {
  const problems: Problem[] = [];
  const known = Object.keys(domains);
  const ask = (name: string, path: ConfigPath): void => {
    if (Object.hasOwn(domains, name)) return;
    const near = nearest(name, known);
    const hint = near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
    problems.push({ path, message: `expected a name under domains, not ${JSON.stringify(name)}${hint}` });
  };
  for (const [id, { deployments = [] }] of Object.entries(models)) {
    deployments.forEach(({ domain, domains: named = [] }, index) => {
      const path = ['models', id, 'deployments', index];
      if (domain !== undefined) ask(domain, [...path, 'domain']);
      for (const [position, name] of named.entries()) ask(name, [...path, 'domains', position]);
    });
  }
  for (const [name, { rateLimiters }] of Object.entries(domains)) {
    rateLimiters.forEach(({ domain }, index) => {
      const path = ['domains', name, 'rateLimiters', index, 'domain'];
      if (domain !== undefined && domain !== name)
        problems.push({ path, message: `expected nothing: the domain is ${JSON.stringify(name)}` });
    });
  }
  return problems;
}

const identity = (limit: RateLimiterConfig): string => JSON.stringify([limit.type, limit.domain, spelledOut(limit).timePeriod]);

function twice(list: readonly PlacedLimit[]): Problem[] {
  const seen = new Set<string>();
  return list.flatMap(({ path, limit }): Problem[] => {
    const isSecond = seen.has(identity(limit));
    seen.add(identity(limit));
    return isSecond ? [{ path, message: 'expected each type once per domain and window' }] : [];
  });
}

function disagreements(limits: readonly PlacedLimit[]): Problem[] {
  const first = new Map<string, RateLimiterConfig>();
  return limits.flatMap(({ path, limit }): Problem[] => {
    if (limit.domain === undefined) return [];
    const before = first.get(identity(limit));
    if (before === undefined) first.set(identity(limit), limit);
    if (before === undefined || sameValue(spelledOut(before), spelledOut(limit))) return [];
    return [
      {
        path,
        message: `expected the same as elsewhere in domain ${JSON.stringify(limit.domain)}, a limit of ${before.limit}, not ${limit.limit}`,
      },
    ];
  });
}
