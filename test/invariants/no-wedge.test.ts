import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fails, holds } from '../lib/property.ts';
import { withFault } from './faults.ts';
import { type Scenario, scenarios } from './scenario.ts';
import { World } from './world.ts';

/** A timer may ring this much after the moment it is set for, by rounding. */
const ROUNDING_MS = 0.01;

const property = fc.asyncProperty(fc.oneof(scenarios(), scenarios({ maxModels: 1, tenants: [''] })), async (scenario) => {
  const world = new World(scenario);
  const waiting: string[] = [];
  world.onQuiet = () => waiting.push(...wronglyWaiting(world));
  expect(await world.run()).toBe(true);
  expect(waiting).toEqual([]);
  expect(world.logs).toEqual([]);
});

/** Requests that nothing keeps from starting, and heads whose known moment no timer is set for. */
function wronglyWaiting(world: World): string[] {
  const { clock, manager, scenario } = world;
  const sharers = scenario.models.length > 1;
  const wrong: string[] = [];
  // What wakes them may be set for this very moment.
  if ((clock.nextTimerAt ?? Number.POSITIVE_INFINITY) <= clock.now() + ROUNDING_MS) return wrong;
  for (const id of world.handles.keys()) {
    const why = manager.explain(id);
    if (why === null || why.status !== 'pending') continue;
    // Room that fits may still be claimed by the head of another model's queue.
    if (why.waitingFor === null && !sharers) wrong.push(`${id} has room at ${clock.now()} and waits`);
    if (why.earliestStart === null || why.waitingFor === 'turn' || why.position !== 1) continue;
    const tenantsAlone = scenario.requests.every(({ tenant, model }) => tenant === scenario.requests[0]?.tenant && model === 0);
    const startsAt = clock.now() + (why.earliestStart - clock.wallMs());
    if (!sharers && tenantsAlone && (clock.nextTimerAt ?? Number.POSITIVE_INFINITY) > startsAt + ROUNDING_MS) {
      wrong.push(`${id} could start at ${startsAt}, but nothing happens before ${clock.nextTimerAt}`);
    }
  }
  return wrong;
}

test('nothing waits while it has room, and whoever waits is woken', async () => {
  await holds(property);
});

test('an engine that loses its wake-ups is caught', async () => {
  expect(await withFault('wake-up-lost', () => fails(property))).toBe(true);
});

test('the watchdog reports a queue that nothing will wake', async () => {
  const call = { outcome: 'returned', connectMs: undefined, headersMs: undefined, endMs: 0, countedAt: 0, used: undefined } as const;
  const request = {
    model: 0,
    atMs: 0,
    inputTokens: 1,
    outputTokens: 0,
    priority: 0,
    tenant: '',
    dedupeKey: undefined,
    cancelMs: undefined,
    deadlineMs: undefined,
    calls: [call],
  };
  const scenario: Scenario = {
    models: [
      { limits: [{ type: 'rpm', limit: 1, timePeriod: 0.1 }], lookAhead: 0, maxAttempts: 1, attemptTimeoutMs: 100, waitMs: undefined },
    ],
    requests: [request, request],
  };
  const world = new World(scenario);
  expect(await withFault('wake-up-lost', () => world.run())).toBe(false);
  expect(world.logs).toContainEqual({
    level: 'error',
    fields: { modelId: 'model-0', limiter: 'rpm', waiting: 1 },
    message: expect.stringContaining('wedged'),
  });
});
