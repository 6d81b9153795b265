import { expect, it } from 'vitest';
import { type EngineMetrics, QueueManager } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

it('ends metrics$ and queue$ with a sample of the queues as they ended', async () => {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock });
  manager.registerQueue({ modelId: 'm', rateLimit: 10 }, () => 'fine');
  const samples: EngineMetrics[] = [];
  const sizes: number[] = [];
  let completed = 0;
  manager.metrics$.subscribe({ next: (sample) => samples.push(sample), complete: () => completed++ });
  manager.queue$('m').subscribe({ next: ({ queueSize }) => sizes.push(queueSize), complete: () => completed++ });
  await manager.submitRequest({ modelId: 'm' });
  await manager.shutdownAll();
  expect(samples.at(-1)?.models['m']).toMatchObject({ completed: 1, processing: 0, queueSize: 0 });
  expect(sizes).toEqual([0, 0]);
  expect(completed).toBe(2);
  expect(clock.pendingTimers).toBe(0);
});
