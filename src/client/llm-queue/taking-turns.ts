import type { Balancer } from '../../domain/balancer.ts';
import type { QueueDeployment } from './queue-deployments.ts';

interface Start {
  readonly turn: number;
  /** When the next one is due at an even pace: 60 s ÷ requests per minute × calls after this one was. */
  readonly dueAt: number;
}

/**
 * The seed's round robin: whoever started longest ago is next, those first whose share of a minute since their last start
 * has passed. One for all queues, so that a deployment's turn is the same wherever it is asked for.
 * @param partsOf the deployments that a candidate stands for: itself, or the parts of a combination
 */
export function takingTurns(deployments: readonly QueueDeployment[], partsOf: (id: string) => readonly string[]): Balancer {
  const spacingMs = new Map(deployments.map((deployment) => [deployment.id, spacingOf(deployment)]));
  const starts = new Map<string, Start>();
  let turn = 0;
  const latest = (id: string, field: keyof Start): number =>
    partsOf(id).reduce((most, part) => Math.max(most, starts.get(part)?.[field] ?? Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY);
  return {
    order: (candidates, now) => {
      const keys = new Map(candidates.map(({ id }) => [id, { due: Math.max(now, latest(id, 'dueAt')), turn: latest(id, 'turn') }]));
      const key = (id: string) => keys.get(id) ?? { due: now, turn: 0 };
      return [...candidates].sort((a, b) => key(a.id).due - key(b.id).due || compare(key(a.id).turn, key(b.id).turn));
    },
    started: (id, calls, now) => {
      const dueAt = Math.max(now, starts.get(id)?.dueAt ?? now);
      starts.set(id, { turn: ++turn, dueAt: dueAt + calls * (spacingMs.get(id) ?? 0) });
    },
  };
}

/** Two that never started have equal turns, whose difference is no number. */
function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/** Milliseconds between two calls at an even pace; 0 without a limit on requests per minute. */
export function spacingOf({ rateLimiters }: Pick<QueueDeployment, 'rateLimiters'>): number {
  return rateLimiters.reduce((longest, { type, limit, timePeriod }) => {
    if (type !== 'rpm') return longest;
    return Math.max(longest, ((timePeriod ?? 60) * 1000) / limit);
  }, 0);
}
