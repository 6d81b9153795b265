import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holds } from '../lib/property.ts';
import { scenarios } from './scenario.ts';
import { live, modelId, type World } from './world.ts';

const property = fc.asyncProperty(
  scenarios({ outcomes: ['refused', 'refused', 'returned', 'retryable'], maxAttempts: 2 }),
  async (scenario) => {
    const world = await live(scenario);
    expectNoAttemptBurnt(world);
    expectNobodySentWhilePaused(world);
  },
);

function expectNoAttemptBurnt(world: World): void {
  for (const [id, [response]] of world.settled) {
    const own = world.calls.filter((call) => call.id === id);
    const refused = own.filter((call) => call.plan.outcome === 'refused' && !call.aborted);
    expect(response?.attempts, id).toBe(own.length - refused.length);
    if (response?.status !== 'failed' || response.reason !== 'error') continue;
    // It failed for good only because the attempts that were none of refusals were used up.
    const { maxAttempts } = world.scenario.models[world.plans.get(id)?.model ?? 0] ?? {};
    expect(response.attempts, id).toBe(maxAttempts);
  }
}

/** A refusal that names no limit pauses every window of its model, shared ones for all that share them. */
function expectNobodySentWhilePaused(world: World): void {
  const windowsOf = (model: number): string[] =>
    (world.scenario.models[model]?.limits ?? [])
      .filter(({ type }) => type !== 'concurrent')
      .map(({ type, domain }) => `${domain ?? modelId(model)}/${type}`);
  for (const { model, at, retryAfterMs } of world.refusals) {
    const paused = windowsOf(model);
    for (const call of world.calls) {
      const touches = call.model === model || windowsOf(call.model).some((window) => paused.includes(window));
      if (touches && call.startedAt > at)
        expect(call.startedAt, `${call.id} after a refusal at ${at}`).toBeGreaterThanOrEqual(at + retryAfterMs);
    }
  }
}

test('a refusal burns no attempt, and nobody sends to what refused until it may be asked again', async () => {
  await holds(property);
});
