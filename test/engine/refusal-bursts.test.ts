import { describe, expect, it } from 'vitest';
import { type EngineEvent, QueueManager, RateLimitRefused } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

/** A queue whose first `burst` calls, all under way at once, are refused after 50 ms; later ones take `callMs`. */
function refusing(burst: number, refusal: { retryAfterMs?: number; limitType?: string }, callMs: number) {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock });
  const pauses: number[] = [];
  const starts: number[] = [];
  manager.events$.subscribe((event: EngineEvent) => {
    if (event.type === 'request-refused') pauses.push(event.retryAfterMs);
  });
  manager.registerQueue({ modelId: 'm', rateLimiters: [{ type: 'rpm', limit: 100 }] }, async () => {
    const number = starts.push(clock.now());
    await new Promise<void>((resolve) => clock.setTimeout(resolve, number <= burst ? 50 : callMs));
    if (number <= burst) throw new RateLimitRefused(refusal);
    return number;
  });
  return { clock, manager, pauses, starts };
}

describe('refusals of calls that were under way together', () => {
  it('count once: the pause does not grow with the size of the burst', async () => {
    const { clock, manager, pauses } = refusing(8, {}, 10);
    const handles = Array.from({ length: 8 }, () => manager.submit({ modelId: 'm' }));
    await clock.advance(3_000);
    expect(pauses).toEqual(Array.from({ length: 8 }, () => 1_000));
    for (const handle of handles) expect((await handle.response).status).toBe('completed');
  });

  it('grow the pause when the calls after it are refused again', async () => {
    const { clock, manager, pauses } = refusing(3, {}, 10);
    const handle = manager.submit({ modelId: 'm' });
    await clock.advance(60_000);
    expect(pauses).toEqual([1_000, 2_000, 4_000]);
    expect(await handle.response).toMatchObject({ status: 'completed', attempts: 1 });
  });

  it('lower the share for a while only', async () => {
    const { clock, manager, starts } = refusing(20, { retryAfterMs: 100, limitType: 'rpm' }, 20_000);
    for (let i = 0; i < 12_000; i++) manager.submit({ modelId: 'm' });
    await clock.advance(60 * 60_000);
    const lastHalf = starts.filter((at) => at >= 30 * 60_000).length;
    expect(lastHalf / (30 * 100)).toBeGreaterThan(0.95);
    await manager.shutdownAll({ force: true });
  });

  it('say that the limit is available before anything starts again', async () => {
    const { clock, manager } = refusing(1, { retryAfterMs: 200, limitType: 'rpm' }, 10);
    const told: string[] = [];
    manager.events$.subscribe(({ type }) => told.push(type));
    const handle = manager.submit({ modelId: 'm' });
    await clock.advanceUntil(() => handle.actor.getSnapshot().value === 'completed');
    expect(told.filter((type) => type.startsWith('limit') || type === 'request-admitted')).toEqual([
      'request-admitted',
      'limit-paused',
      'limit-available',
      'request-admitted',
    ]);
  });
});
