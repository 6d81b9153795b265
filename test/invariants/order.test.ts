import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fails, holds } from '../lib/property.ts';
import { withFault } from './faults.ts';
import { type CallPlan, type RequestPlan, type Scenario, scenarios } from './scenario.ts';
import { live, World } from './world.ts';

/** What one step of priority is worth in these worlds. */
const STEP_MS = 20;
const ROUNDING_MS = 0.01;
const ANSWERED: readonly CallPlan['outcome'][] = ['returned', 'failed'];

/** Smaller goes first. */
const keyOf = ({ atMs, priority }: RequestPlan): number => atMs - priority * STEP_MS;

const strictOrder = fc.asyncProperty(scenarios({ outcomes: ANSWERED, lookAheads: [0], maxAttempts: 1 }), async (scenario) => {
  const world = await live(scenario);
  const startOf = (id: string): number => world.calls.find((call) => call.id === id)?.startedAt ?? Number.POSITIVE_INFINITY;
  const numberOf = (id: string): number => Number(id.slice(1));
  for (const { id, model, startedAt } of world.calls) {
    const plan = world.plans.get(id) as RequestPlan;
    for (const [otherId, other] of world.plans) {
      const waits = other.model === model && other.tenant === plan.tenant && other.atMs < startedAt && startOf(otherId) > startedAt;
      if (!waits || (world.settledAt.get(otherId) ?? Number.POSITIVE_INFINITY) <= startedAt) continue;
      const overtaken =
        keyOf(other) < keyOf(plan) || (keyOf(other) === keyOf(plan) && other.atMs === plan.atMs && numberOf(otherId) < numberOf(id));
      expect(overtaken, `${id} started at ${startedAt} before ${otherId}`).toBe(false);
    }
  }
});

test("without look-ahead a tenant's requests start in the order of their keys: first in, first out, priority as so much waiting", async () => {
  await holds(strictOrder);
});

/** Backfill may cost a head this share of a window, so that room isn't left idle for want of a few units. */
const TOLERANCE = 1 / 120;
const longestWindowMs = ({ models }: Scenario): number =>
  Math.max(0, ...models.flatMap(({ limits }) => limits.map(({ timePeriod = 0 }) => timePeriod * 1000)));

/** When a head is told that it can start, the latest promise counts no more: the first one has to hold. */
const keptPromises = fc.asyncProperty(
  scenarios({ outcomes: ['returned'], lookAheads: [4, 32], maxModels: 1, cancels: false, tenants: [''], priorities: [0], maxAttempts: 1 }),
  async (scenario) => {
    const world = new World(scenario);
    const promised = new Map<string, number>();
    world.onQuiet = () => {
      for (const id of world.handles.keys()) {
        const why = world.manager.explain(id);
        if (why?.status !== 'pending' || why.position !== 1 || why.earliestStart === null || promised.has(id)) continue;
        promised.set(id, world.clock.now() + why.earliestStart - world.clock.wallMs());
      }
    };
    expect(await world.run()).toBe(true);
    for (const { id, startedAt } of world.calls) {
      const latest = (promised.get(id) ?? Number.POSITIVE_INFINITY) + longestWindowMs(scenario) * TOLERANCE + ROUNDING_MS;
      expect(startedAt, `${id} was promised ${promised.get(id)}`).toBeLessThanOrEqual(latest);
    }
  },
);

test('a head starts by the moment it was first promised, whatever starts behind it', async () => {
  await holds(keptPromises);
});

const instant: CallPlan = { outcome: 'returned', connectMs: undefined, headersMs: undefined, endMs: 0, countedAt: 1, used: undefined };
const plain = (atMs: number, inputTokens: number): RequestPlan => ({
  model: 0,
  atMs,
  inputTokens,
  outputTokens: 0,
  priority: 0,
  tenant: '',
  dedupeKey: undefined,
  cancelMs: undefined,
  deadlineMs: undefined,
  calls: [instant],
});

const undelayedHead = fc.asyncProperty(
  fc.constantFrom(4, 32),
  fc.array(fc.record({ atMs: fc.integer({ min: 0, max: 90 }), tokens: fc.integer({ min: 1, max: 30 }) }), { minLength: 1, maxLength: 6 }),
  fc.integer({ min: 60, max: 100 }),
  fc.array(fc.record({ atMs: fc.integer({ min: 91, max: 300 }), tokens: fc.integer({ min: 1, max: 40 }) }), {
    minLength: 1,
    maxLength: 12,
  }),
  async (lookAhead, first, headTokens, followers) => {
    // Only what is first in line is protected: those before it have to start at once.
    fc.pre(first.reduce((sum, { tokens }) => sum + tokens, 0) <= 100);
    const headAt = async (behind: readonly RequestPlan[]): Promise<number> => {
      const limits = [{ type: 'itpm', limit: 100, timePeriod: 0.1, countedWithinMs: 5 } as const];
      const model = { limits, lookAhead, maxAttempts: 1, attemptTimeoutMs: 1_000, waitMs: undefined };
      const ahead = first.map(({ atMs, tokens }) => plain(atMs, tokens));
      const world = await live({ models: [model], requests: [...ahead, plain(90, headTokens), ...behind] });
      return world.calls.find(({ id }) => id === `r${first.length}`)?.startedAt ?? Number.POSITIVE_INFINITY;
    };
    const alone = await headAt([]);
    const followed = await headAt(followers.map(({ atMs, tokens }) => plain(atMs, tokens)));
    expect(followed).toBeLessThanOrEqual(alone + 100 * TOLERANCE + ROUNDING_MS);
  },
);

test('with requests behind it a head starts when it would start alone', async () => {
  await holds(undelayedHead);
});

test('an engine that lets others take what a head has claimed is caught', async () => {
  expect(await withFault('claims-ignored', () => fails(undelayedHead))).toBe(true);
  expect(await withFault('claims-ignored', () => fails(keptPromises))).toBe(true);
});
