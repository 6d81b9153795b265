import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ModelConfig, type Processor, QueueManager, type RateLimiterConfig } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { holds } from '../lib/property.ts';

const WINDOW_MS = 100;
const LIMIT = 100;
const shared: RateLimiterConfig = { type: 'itpm', limit: LIMIT, timePeriod: WINDOW_MS / 1000, countedWithinMs: 5, domain: 'both' };

interface Start {
  readonly modelId: string;
  readonly id: string;
  readonly at: number;
}

function twoModels(more: Partial<ModelConfig> = {}, limits: readonly RateLimiterConfig[] = [shared]) {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock });
  const starts: Start[] = [];
  const processor: Processor = (request, context) => {
    starts.push({ modelId: request.modelId, id: request.id, at: clock.now() });
    context.responseStarted();
  };
  for (const modelId of ['light', 'heavy']) manager.registerQueue({ modelId, rateLimiters: [...limits], ...more }, processor);
  const submit = (modelId: string, id: string, tokens: number) =>
    manager.submit({ modelId, id, estimatedInputTokens: tokens, estimatedOutputTokens: 0 });
  return { clock, manager, starts, submit, startOf: (id: string) => starts.find((start) => start.id === id)?.at };
}

describe.each([0, 4, 32])('two queues that share a limit, with a look-ahead of %d', (lookAhead) => {
  test('never starve the heavier requests, however many light ones keep coming', async () => {
    await holds(
      fc.asyncProperty(fc.integer({ min: 50, max: LIMIT }), fc.integer({ min: 1, max: 20 }), async (heavyTokens, lightTokens) => {
        const { clock, starts, submit } = twoModels({ lookAhead });
        // More light work than the limit allows, without an end, and heavy work beside it.
        const perTick = Math.ceil((1.5 * LIMIT) / 10 / lightTokens);
        for (let tick = 0; tick < 60; tick++) {
          clock.setTimeout(() => {
            for (let i = 0; i < perTick; i++) submit('light', `light-${tick}-${i}`, lightTokens);
          }, tick * 10);
        }
        for (let i = 0; i < 6; i++) submit('heavy', `heavy-${i}`, heavyTokens);
        await clock.advance(600);
        const heavy = starts.filter(({ modelId }) => modelId === 'heavy').map(({ at }) => at);
        // Each waits for one window at most from when it is first in line, and a light head may come before it.
        expect(heavy.length).toBeGreaterThanOrEqual(3);
        for (const [i, at] of heavy.entries()) expect(at - (heavy[i - 1] ?? 0)).toBeLessThanOrEqual(2 * WINDOW_MS + 5);
        expect(starts.some(({ modelId }) => modelId === 'light')).toBe(true);
      }),
      200,
    );
  });

  test('let the older of two heads start first', async () => {
    const { clock, submit, startOf } = twoModels({ lookAhead });
    submit('light', 'first', LIMIT);
    await clock.advance(10);
    submit('heavy', 'older', 90);
    await clock.advance(1);
    submit('light', 'younger', 20);
    await clock.advance(2.5 * WINDOW_MS);
    expect(startOf('older')).toBeCloseTo(WINDOW_MS, -1);
    expect(startOf('younger')).toBeGreaterThan(2 * WINDOW_MS);
  });

  test('let a light request start behind a heavy head of the other queue where that costs it nothing', async () => {
    const { clock, submit, startOf } = twoModels({ lookAhead });
    submit('light', 'first', 60);
    await clock.advance(10);
    submit('heavy', 'head', 70);
    await clock.advance(1);
    // At the head's moment everything but the 70 is free: 30 may be taken now, not more.
    submit('light', 'fits', 30);
    await clock.advance(1);
    submit('light', 'too much', 10);
    await clock.advance(3);
    expect(startOf('fits')).toBe(11);
    expect(startOf('too much')).toBeUndefined();
    await clock.advance(WINDOW_MS);
    expect(startOf('head')).toBeCloseTo(WINDOW_MS, -1);
  });
});

test('a queue whose head is gone keeps no claim: the other one goes on at once', async () => {
  const { clock, manager, submit, startOf } = twoModels();
  submit('light', 'first', 60);
  await clock.advance(10);
  const head = submit('heavy', 'head', 100);
  await clock.advance(1);
  submit('light', 'next', 30);
  await clock.advance(1);
  expect(startOf('next')).toBeUndefined();
  head.cancel();
  await clock.advance(0);
  expect(startOf('next')).toBe(12);

  submit('heavy', 'again', 100);
  await clock.advance(1);
  submit('light', 'more', 5);
  await clock.advance(1);
  expect(startOf('more')).toBeUndefined();
  manager.pauseQueue('heavy');
  await clock.advance(0);
  expect(startOf('more')).toBe(14);
});

test('whoever comes after a claimant does not inherit its age', async () => {
  const { clock, submit, startOf } = twoModels();
  submit('light', 'full', LIMIT);
  await clock.advance(1);
  // The light queue's head claims first, the heavy one second, and more light work stands behind the first.
  submit('light', 'small', 10);
  await clock.advance(1);
  submit('heavy', 'big', 90);
  await clock.advance(1);
  for (let i = 0; i < 9; i++) submit('light', `behind-${i}`, 10);
  await clock.advance(WINDOW_MS + 5);
  expect(startOf('small')).toBeCloseTo(WINDOW_MS, -1);
  expect(startOf('big')).toBeCloseTo(WINDOW_MS, -1);
  expect(startOf('behind-0')).toBeUndefined();
});

test('a head that is cancelled lets the next one start at once, with and without look-ahead', async () => {
  for (const lookAhead of [0, 32]) {
    const { clock, submit, startOf } = twoModels({ lookAhead }, [{ ...shared, domain: undefined } as RateLimiterConfig]);
    submit('light', 'first', 60);
    await clock.advance(1);
    const head = submit('light', 'head', 80);
    await clock.advance(1);
    submit('light', 'next', 40);
    await clock.advance(1);
    head.cancel();
    await clock.advance(0);
    expect(startOf('next')).toBe(3);
  }
});

test('who waits behind a call that is only just written is woken when its room comes back, not when the call ends', async () => {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock });
  const starts: number[] = [];
  manager.registerQueue(
    { modelId: 'm', rateLimiters: [{ type: 'rpm', limit: 1, timePeriod: 0.1, countedWithinMs: 20 }] },
    async (_request, context) => {
      starts.push(clock.now());
      const sent = context.deferSend();
      clock.setTimeout(sent, 7);
      await new Promise((resolve) => clock.setTimeout(() => resolve(undefined), 5_000));
    },
  );
  for (let i = 0; i < 3; i++) manager.submit({ modelId: 'm' });
  await clock.advance(1_000);
  // Written 7 ms after the start, counted 20 ms later, then one window and its guard of 1.01 ms.
  expect(starts).toEqual([0, 128.01, 256.02]);
});
