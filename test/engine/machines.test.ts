import { describe, expect, it } from 'vitest';
import type { AnyStateMachine, EventObject } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import * as machines from '../../machines/index.ts';

const limiter = { type: 'rpm', domain: undefined, limit: 5 } as const;

interface Chart {
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  readonly events: readonly EventObject[];
}

/** Every chart of the package with every event it knows. */
const CHARTS: Readonly<Record<string, Chart>> = {
  engine: {
    machine: machines.engineMachine,
    input: undefined,
    events: [{ type: 'STARTED' }, { type: 'DRAIN' }, { type: 'STOP' }],
  },
  modelScheduler: {
    machine: machines.modelSchedulerMachine,
    input: { modelId: 'm', ownLimiters: [], limiterIds: [] },
    events: [
      { type: 'PAUSE' },
      { type: 'RESUME' },
      { type: 'DRAIN' },
      { type: 'STOP' },
      { type: 'DEPLOYMENT_ADDED', deployment: { deploymentId: 'd', limiterIds: [] } } as EventObject,
    ],
  },
  deployment: {
    machine: machines.deploymentMachine,
    input: { deploymentId: 'd', limiterIds: [] },
    events: [
      { type: 'COOLING', until: 1 } as EventObject,
      { type: 'RECOVERED' },
      { type: 'DISABLED', until: 1, reason: 'invalid_api_key' } as EventObject,
      { type: 'ENABLED' },
      { type: 'LIMITER_REMOVED', limiterId: 'd/rpm' } as EventObject,
    ],
  },
  circuit: {
    machine: machines.circuitMachine,
    input: undefined,
    events: [{ type: 'OPENED', until: 1 } as EventObject, { type: 'PROBING' }, { type: 'CLOSED' }],
  },
  limiter: {
    machine: machines.limiterMachine,
    input: limiter,
    events: [
      { type: 'EXHAUSTED' },
      { type: 'AVAILABLE' },
      { type: 'PAUSED', until: 1 } as EventObject,
      { type: 'RESUMED' },
      { type: 'LIMIT_CHANGED', limit: 6 } as EventObject,
    ],
  },
  quotaDomain: { machine: machines.quotaDomainMachine, input: { domain: 'd' }, events: [] },
  request: {
    machine: machines.requestMachine,
    input: {
      requestId: 'r',
      modelId: 'm',
      tenant: '',
      priority: 0,
      createdAt: 0,
      estimatedInputTokens: 0,
      estimatedOutputTokens: 0,
      attempt: 0,
    },
    events: [
      { type: 'ADMITTED', attempt: 1 } as EventObject,
      { type: 'RESPONSE_STARTED' },
      { type: 'REFUSED' },
      { type: 'RETRY_SCHEDULED' },
      { type: 'BACKOFF_ELAPSED' },
      { type: 'COMPLETED' },
      { type: 'FAILED', reason: 'error', code: 'x' } as EventObject,
    ],
  },
};

interface Named {
  readonly id?: unknown;
  readonly description?: unknown;
  readonly states?: Record<string, Named>;
  readonly on?: Record<string, unknown>;
}

/** Every state and transition of a config, with the path to it. */
function* parts(node: Named, path: string): Generator<readonly [string, Named]> {
  yield [path, node];
  for (const [event, transitions] of Object.entries(node.on ?? {})) {
    for (const transition of [transitions].flat()) yield [`${path} on ${event}`, transition as Named];
  }
  for (const [key, state] of Object.entries(node.states ?? {})) yield* parts(state, `${path}.${key}`);
}

/** Functions that stand where a name belongs. */
function* functionsIn(value: unknown, path: string): Generator<string> {
  if (typeof value === 'function') yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) yield* functionsIn(inner, `${path}.${key}`);
}

describe('the charts', () => {
  it('are all looked at here', () => {
    const ids = Object.values(machines).flatMap((value) => ('config' in value ? [value.id] : []));
    expect(ids.sort()).toEqual(Object.keys(CHARTS).sort());
  });

  it('the request’s states are exactly the four statuses', () => {
    expect(Object.keys(machines.requestMachine.states)).toEqual(['pending', 'processing', 'completed', 'failed']);
  });
});

describe.each(Object.entries(CHARTS))('the chart %s', (id, { machine, input, events }) => {
  it('reaches every one of its states, finals included', () => {
    const paths = getShortestPaths(machine, {
      input,
      events,
      serializeState: (snapshot) => JSON.stringify(snapshot.value),
    } as Parameters<typeof getShortestPaths>[1]);
    const reached = new Set(paths.map(({ state }) => String((state as { value: unknown }).value)));
    expect([...reached].sort()).toEqual(Object.keys(machine.states).sort());
  });

  it('knows each of its events here, and nothing else', () => {
    const known = machine.events.filter((type) => !type.startsWith('xstate.'));
    const structural = ['QUEUE_REGISTERED', 'QUEUE_REMOVED', 'DOMAIN_ADDED', 'LIMITER_ADDED', 'SAMPLED'];
    expect(known.filter((type) => !structural.includes(type)).sort()).toEqual([...new Set(events.map(({ type }) => type))].sort());
  });

  it('says what every state and every event means', () => {
    expect(machine.config.id).toBe(id);
    const silent = [...parts(machine.config as Named, id)].filter(
      ([, { description }]) => typeof description !== 'string' || description.length < 10,
    );
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it('is written in names only, so that editors and inspectors read it as it is', () => {
    const config = machine.config as Record<string, unknown>;
    // What XState has no names for: they make data of input, and an inspector does not draw them.
    const { context: _context, output: _output, ...drawn } = config;
    expect([...functionsIn(drawn, id)]).toEqual([]);
    expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
  });
});
