import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StatusChange } from '../../src/index.ts';
import { fails, holds } from '../lib/property.ts';
import { withFault } from './faults.ts';
import { type Scenario, scenarios } from './scenario.ts';
import { modelId, World } from './world.ts';

const property = fc.asyncProperty(
  scenarios({ dedupe: true }),
  fc.option(fc.record({ atMs: fc.integer({ min: 0, max: 300 }), force: fc.boolean() }), { nil: undefined, freq: 4 }),
  async (scenario, shutdown) => {
    const world = new World(withoutLateSubmits(scenario, shutdown?.atMs));
    const statuses = watchStatuses(world);
    if (shutdown !== undefined) {
      world.clock.setTimeout(
        () => void world.manager.shutdownAll(shutdown.force ? { force: true } : { deadlineMs: 100 }),
        // Whatever is submitted in that very moment comes first.
        shutdown.atMs + 0.5,
      );
    }
    expect(await world.run()).toBe(true);
    await world.rest();
    expectSettledOnce(world, statuses);
    expectCallsAccountedFor(world);
  },
);

/** A request after the shutdown would throw at submit, which is another test's matter. */
function withoutLateSubmits(scenario: Scenario, endMs = Number.POSITIVE_INFINITY): Scenario {
  return { ...scenario, requests: scenario.requests.filter(({ atMs }) => atMs <= endMs) };
}

function watchStatuses(world: World): Map<string, StatusChange['status'][]> {
  const seen = new Map<string, StatusChange['status'][]>();
  world.manager.events$.subscribe((event) => {
    if (event.type !== 'request-submitted') return;
    // The handle exists once submit has returned.
    queueMicrotask(() => {
      const changes: StatusChange['status'][] = [];
      seen.set(event.requestId, changes);
      world.handles.get(event.requestId)?.status$.subscribe({ next: ({ status }) => changes.push(status) });
    });
  });
  return seen;
}

function expectSettledOnce(world: World, statuses: Map<string, StatusChange['status'][]>): void {
  for (const id of world.handles.keys()) {
    expect(world.settled.get(id), id).toHaveLength(1);
    const status = world.settled.get(id)?.[0]?.status;
    const ends = world.events.filter((event) => 'requestId' in event && event.requestId === id && isEnd(event.type));
    expect(ends, id).toHaveLength(1);
    expect(ends[0]?.type, id).toBe(`request-${status}`);
    const changes = statuses.get(id) ?? [];
    expect(changes.at(-1), id).toBe(status);
    expect(changes.filter((change) => change === 'completed' || change === 'failed')).toHaveLength(1);
  }
}

const isEnd = (type: string): boolean => type === 'request-completed' || type === 'request-failed';

/** Every call of the processor is some request's first, or follows a retry or a refusal of it or of one that shares its call. */
function expectCallsAccountedFor(world: World): void {
  world.scenario.models.forEach((_model, index) => {
    const { events } = world;
    const ids = new Set([...world.plans].filter(([, plan]) => plan.model === index).map(([id]) => id));
    const again = events.filter(
      (event) => (event.type === 'request-retried' || event.type === 'request-refused') && event.modelId === modelId(index),
    );
    const calls = world.calls.filter((call) => call.model === index);
    expect(calls.length).toBeLessThanOrEqual(ids.size + again.length);
    for (const id of ids) {
      const own = calls.filter((call) => call.id === id);
      for (const [number, call] of own.entries()) {
        const next = own[number + 1];
        if (next !== undefined) expect(call.endedAt, `${id} runs twice at once`).toBeLessThanOrEqual(next.startedAt);
      }
      if (world.plans.get(id)?.dedupeKey !== undefined) continue;
      expect(own.length).toBeLessThanOrEqual(1 + again.filter((event) => 'requestId' in event && event.requestId === id).length);
      const response = world.settled.get(id)?.[0];
      if (response?.status === 'completed') expect(own.at(-1)?.plan.outcome, `${id} ran again after its success`).toBe('returned');
    }
  });
}

test('every submit settles exactly once, for every watcher alike, and nothing runs twice unless it is a retry', async () => {
  await holds(property);
});

test('an engine that leaves a failed request unanswered is caught', async () => {
  expect(await withFault('settle-dropped', () => fails(property))).toBe(true);
});
