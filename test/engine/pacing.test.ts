import { describe, expect, it } from 'vitest';
import { QueueManager } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const MINUTES = 20;

describe('pacing between tenants', () => {
  it('goes by what calls really used, not by what they were estimated at', async () => {
    const clock = new VirtualClock();
    const manager = new QueueManager<number, unknown>({ clock, historySize: 1 });
    let used = 0;
    let isOver = false;
    manager.registerQueue({ modelId: 'm', rateLimiters: [{ type: 'tpm', limit: 100_000 }] }, async () => {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, 1_000));
      used += 400;
      return { usage: { prompt_tokens: 300, completion_tokens: 100 } };
    });
    const backlog = (tenant: string): void => {
      const again = (): void => {
        if (isOver) return;
        void manager.submit({ modelId: 'm', tenant, estimatedInputTokens: 3_000, estimatedOutputTokens: 1_000 }).response.then(again);
      };
      for (let i = 0; i < 30; i++) again();
    };
    backlog('first');
    await clock.advance(2 * 60_000);
    backlog('second');
    used = 0;
    await clock.advance(MINUTES * 60_000);

    // Some four calls are under way at any moment, and hold the whole estimate until they are done: a sixth of the limit.
    expect(used / (MINUTES * 100_000)).toBeGreaterThan(0.8);
    isOver = true;
    await manager.shutdownAll({ force: true });
  });
});
