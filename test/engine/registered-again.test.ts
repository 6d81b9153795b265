import { describe, expect, it } from 'vitest';
import { type ModelConfig, QueueManager } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const config = (limit: number, more: object = {}): ModelConfig => ({ modelId: 'm', rateLimiters: [{ type: 'rpm', limit, ...more }] });

describe('a model that is registered again', () => {
  async function startsAfter(again: ModelConfig): Promise<number> {
    const clock = new VirtualClock();
    const manager = new QueueManager({ clock });
    let starts = 0;
    const processor = () => ++starts;
    manager.registerQueue(config(10), processor);
    for (let i = 0; i < 10; i++) manager.submit({ modelId: 'm' });
    await clock.advance(1_000);
    await manager.unregisterQueue('m');
    manager.registerQueue(again, processor);
    for (let i = 0; i < 30; i++) manager.submit({ modelId: 'm' });
    await clock.advance(50_000);
    const early = starts - 10;
    await clock.advance(30_000);
    expect(starts).toBeGreaterThan(10);
    await manager.shutdownAll({ force: true });
    return early;
  }

  it('still counts what was sent before', async () => {
    expect(await startsAfter(config(10))).toBe(0);
  });

  it('gets only the difference of a larger limit', async () => {
    expect(await startsAfter(config(15))).toBe(5);
  });

  it('counts it also where the limit is kept in another way from now on', async () => {
    expect(await startsAfter(config(10, { subWindowSeconds: 30 }))).toBe(0);
  });
});
