import { describe, expect, it } from 'vitest';
import { QueueManager } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

describe('queue$', () => {
  it('completes with a last sample when its model is unregistered, and the others go on', async () => {
    const clock = new VirtualClock();
    const manager = new QueueManager({ clock });
    for (const modelId of ['a', 'b']) manager.registerQueue({ modelId, rateLimit: 10 }, () => 1);
    const ended: string[] = [];
    const sizes: number[] = [];
    manager.queue$('a').subscribe({ next: ({ queueSize }) => sizes.push(queueSize), complete: () => ended.push('a') });
    manager.queue$('b').subscribe({ complete: () => ended.push('b') });
    await manager.unregisterQueue('a');
    expect(ended).toEqual(['a']);
    expect(sizes).toEqual([0, 0]);
    await manager.shutdownAll();
    expect(ended).toEqual(['a', 'b']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is one stream per model: all subscribers share one timer', () => {
    const clock = new VirtualClock();
    const manager = new QueueManager({ clock });
    manager.registerQueue({ modelId: 'a', rateLimit: 10 }, () => 1);
    const subscriptions = [1, 2, 3].map(() => manager.queue$('a').subscribe());
    expect(clock.pendingTimers).toBe(1);
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(clock.pendingTimers).toBe(0);
  });
});
