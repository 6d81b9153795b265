import { describe, expect, it } from 'vitest';
import { type ModelConfig, QueueManager, type RequestInput } from '../../src/index.ts';
import { SeededRandom } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { thrownBy } from './harness.ts';

/** A model and a deployment of the same name, a domain that two models share, and every algorithm. */
const MODELS: readonly ModelConfig[] = [
  {
    modelId: 'same',
    rateLimiters: [
      { type: 'rpm', limit: 500 },
      { type: 'rpd', limit: 5_000, algorithm: 'calendar-day' },
      { type: 'concurrent', limit: 50 },
    ],
    deployments: [{ id: 'same', rateLimiters: [{ type: 'rpm', limit: 400 }] }],
  },
  {
    modelId: 'other',
    rateLimiters: [
      { type: 'tpm', limit: 3_000, algorithm: 'token-bucket' },
      { type: 'itpm', limit: 90_000, domain: 'family' },
    ],
  },
  { modelId: 'third', rateLimiters: [{ type: 'itpm', limit: 90_000, domain: 'family' }] },
];

/** What places in time are rounded up by, a hundredth of a window, comes to; a bucket has no places. */
const LATER: Readonly<Record<string, number>> = { rpm: 7, rpd: 0, concurrent: 0, tpm: 1e-6, itpm: 700 };

function manager(clock: VirtualClock): QueueManager {
  const made = new QueueManager({ clock });
  made.registerAllQueues([...MODELS], () => ({ usage: { input_tokens: 90, output_tokens: 10 } }));
  return made;
}

/** Usage by model, place and type. */
function usages(of: QueueManager): Record<string, number> {
  const all = MODELS.flatMap(({ modelId }) =>
    of.getQueueInfo(modelId).rateLimiters.map(({ type, usage }, index) => [`${modelId} ${type} ${index}`, usage] as const),
  );
  return Object.fromEntries(all);
}

async function work(of: QueueManager, clock: VirtualClock, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  for (let i = 0; i < 300; i++) {
    const modelId = MODELS[Math.floor(random.next() * MODELS.length)]?.modelId ?? '';
    of.submit({ modelId, estimatedInputTokens: 90, estimatedOutputTokens: 10 } satisfies RequestInput);
    await clock.advance(random.next() * 300);
  }
}

describe('limitUsage', () => {
  it.each([1, 2, 3])('tells a later process what counts, at its own place in time: seed %i', async (seed) => {
    const before = new VirtualClock();
    const first = manager(before);
    await work(first, before, seed);
    await before.advanceUntil(() => first.getMetrics().queueSize + first.getMetrics().processing === 0);
    const told = JSON.stringify(first.limitUsage());

    // Its own monotonic time, and 5 s later by the wall clock.
    const after = new VirtualClock({ startMs: 17, wallMs: before.wallMs() + 5_000 });
    const second = manager(after);
    second.restoreUsage(JSON.parse(told));
    await before.advance(5_000);
    for (let step = 0; step < 14; step++) {
      const [ours, theirs] = [usages(second), usages(first)];
      for (const [name, usage] of Object.entries(theirs)) {
        expect(ours[name], `${name} at step ${step}`).toBeGreaterThanOrEqual(usage - 1e-6);
        expect(ours[name], `${name} at step ${step}`).toBeLessThanOrEqual(usage + (LATER[name.split(' ')[1] ?? ''] ?? 0));
      }
      await Promise.all([before.advance(4_500), after.advance(4_500)]);
    }
    expect(usages(second)).toMatchObject({ 'same rpm 0': 0, 'same rpm 3': 0, 'third itpm 0': 0 });
    expect(usages(second)['same rpd 1']).toBe(usages(first)['same rpd 1']);
    expect(usages(second)['same rpd 1']).toBeGreaterThan(50);
  });

  it('counts what is still under way, tells models from deployments, and is there after the stop', async () => {
    const clock = new VirtualClock();
    const first = new QueueManager({ clock });
    for (const model of MODELS) first.registerQueue(model, () => new Promise(() => {}));
    first.submit({ modelId: 'same', estimatedInputTokens: 1 });
    await clock.settle();
    await first.shutdownAll({ force: true });
    const named = Object.fromEntries(first.limitUsage().map(({ limit, counted }) => [limit, counted.map(({ amount }) => amount)]));
    expect(named).toEqual({ 'model same/rpm': [1], 'model same/rpd': [1], 'deployment same/rpm': [1] });
  });

  it('counts what nobody heard of as late as the provider may, though the next process is there at once', async () => {
    const clock = new VirtualClock();
    const first = new QueueManager({ clock });
    for (const model of MODELS) first.registerQueue(model, () => new Promise(() => {}));
    first.submit({ modelId: 'same', estimatedInputTokens: 1 });
    await clock.settle();
    await first.shutdownAll({ force: true });
    const second = manager(clock);
    second.restoreUsage(first.limitUsage());
    await clock.advance(60_990);
    expect(usages(second)).toMatchObject({ 'same rpm 0': 1, 'same rpm 3': 1 });
    await clock.advance(100);
    expect(usages(second)).toMatchObject({ 'same rpm 0': 0, 'same rpm 3': 0 });
  });

  it.each([
    [1_500, 0],
    // The provider's clock may be ahead: it counts for both days.
    [500, 4],
    [-500, 4],
  ])('counts nothing of a day for the next one, stopped %i ms before midnight', async (before, late) => {
    const clock = new VirtualClock({ wallMs: Date.parse('2026-03-08T23:59:00Z') });
    const rateLimiters = [{ type: 'rpd', limit: 50, algorithm: 'calendar-day', timeZone: 'UTC' }] as const;
    const process = (): QueueManager => {
      const made = new QueueManager({ clock });
      made.registerQueue({ modelId: 'm', rateLimiters }, () => ({}));
      return made;
    };
    const first = process();
    for (let i = 0; i < 40; i++) first.submit({ modelId: 'm' });
    await clock.advance(Math.min(59_500, 60_000 - before));
    for (let i = 0; i < late; i++) first.submit({ modelId: 'm' });
    await clock.advance(Math.max(0, 500 - before));
    const told = first.limitUsage();
    await clock.advance(before + 5_000);
    const second = process();
    second.restoreUsage(told);
    expect(second.getQueueInfo('m').rateLimiterUsage).toBe(late);
  });

  it('is refused, and none of it counted, where it is no usage', () => {
    const clock = new VirtualClock();
    const made = manager(clock);
    const good = { limit: 'model same/rpm', counted: [{ amount: 1, at: clock.wallMs() }] };
    for (const [wrong, path] of [
      [{ limit: 'model same/rpm', counted: [{ amount: -1, at: 0 }] }, 'usage[1].counted[0]'],
      [{ limit: 'model same/rpm', counted: [null] }, 'usage[1].counted[0]'],
      [{ limit: 'model same/rpm' }, 'usage[1].counted'],
      [null, 'usage[1].counted'],
    ] as const) {
      expect(thrownBy(() => made.restoreUsage([good, wrong as never]))).toMatchObject({ code: 'invalid_configuration', path });
    }
    expect(thrownBy(() => made.restoreUsage({} as never))).toMatchObject({ code: 'invalid_configuration', path: 'usage' });
    expect(made.limitUsage()).toEqual([]);
    made.restoreUsage([good, { limit: 'model gone/rpm', counted: good.counted }]);
    expect(made.limitUsage()).toEqual([good]);
  });
});
