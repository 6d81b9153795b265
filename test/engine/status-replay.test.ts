import { take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { QueueManager, type RequestHandle } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

function submitOne(): { handle: RequestHandle; clock: VirtualClock } {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock });
  manager.registerQueue({ modelId: 'm', rateLimit: 10 }, () => 'fine');
  return { handle: manager.submit({ modelId: 'm' }), clock };
}

function watch(handle: RequestHandle, onStatus: (status: string) => void = () => {}): string[] {
  const seen: string[] = [];
  handle.status$.subscribe({
    next: ({ status }) => {
      seen.push(status);
      onStatus(status);
    },
    complete: () => seen.push('complete'),
  });
  return seen;
}

describe('status$ and subscribers who act on the replay', () => {
  it('tells one that cancels on it the end, and the others once', async () => {
    const { handle, clock } = submitOne();
    const before = watch(handle);
    const canceller = watch(handle, (status) => status === 'pending' && handle.cancel());
    await clock.settle();
    expect(before).toEqual(['pending', 'failed', 'complete']);
    expect(canceller).toEqual(['pending', 'failed', 'complete']);
  });

  it('tells one that unsubscribes on it nothing more', async () => {
    const { handle, clock } = submitOne();
    const seen: string[] = [];
    handle.status$.pipe(take(1)).subscribe(({ status }) => seen.push(status));
    await clock.settle();
    expect(seen).toEqual(['pending']);
    expect(watch(handle)).toEqual(['completed', 'complete']);
  });
});
