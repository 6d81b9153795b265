import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fails, holds } from '../lib/property.ts';
import { withFault } from './faults.ts';
import { scenarios } from './scenario.ts';
import { live, modelId, type World } from './world.ts';

const property = fc.asyncProperty(scenarios({ dedupe: true }), async (scenario) => {
  const world = await live(scenario);
  for (const info of Object.values(world.manager.getAllQueuesInfo())) {
    expect(info).toMatchObject({ queueSize: 0, processing: 0 });
    for (const limit of info.rateLimiters) if (limit.type === 'concurrent') expect(limit.usage).toBe(0);
  }
  await world.rest();
  for (const { rateLimiters } of Object.values(world.manager.getAllQueuesInfo())) {
    for (const { type, usage, limit, available, state } of rateLimiters) {
      expect({ type, usage, available, state }).toEqual({ type, usage: 0, available: limit, state: 'open' });
    }
  }
  await expectWholeLimitFits(world);
});

/** What the books say is true: as much as a limit allows at once starts at once. */
async function expectWholeLimitFits(world: World): Promise<void> {
  const { clock, manager } = world;
  for (const [index, { limits }] of world.scenario.models.entries()) {
    const atOnce = Math.min(
      ...limits.map(({ type, limit, algorithm, subWindowSeconds, burst }) => {
        if (type !== 'rpm' && type !== 'concurrent') return 4;
        if (subWindowSeconds !== undefined) return Math.floor(limit / 2);
        return algorithm === 'token-bucket' ? (burst ?? 1) : limit;
      }),
    );
    const handles = Array.from({ length: atOnce }, (_, number) =>
      manager.submit({ modelId: modelId(index), id: `probe-${index}-${number}`, estimatedInputTokens: 0, estimatedOutputTokens: 0 }),
    );
    await clock.settle();
    expect(handles.map(({ id }) => manager.getStatus(modelId(index), id)?.status)).toEqual(handles.map(() => 'processing'));
    for (const handle of handles) handle.cancel();
    await world.rest();
  }
}

test('all capacity returns when idle, after every mixture of success, failure, cancel, timeout and refusal', async () => {
  await holds(property);
});

test('an engine that leaks the slot of a call that is given up is caught', async () => {
  expect(await withFault('slot-leaked', () => fails(property))).toBe(true);
});
