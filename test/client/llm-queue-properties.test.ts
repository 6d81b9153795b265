import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelPreferencesInput } from '../../src/client/llm-queue/model-preferences.ts';
import { BasicFIFOScheduler } from '../../src/client/llm-queue/scheduler.ts';
import { LLMError } from '../../src/domain/llm-queue-errors.ts';
import { type Bench, BOTH, bench, config, EMBEDDING, type Execution, embedding, LLM, model, NONE, type Sent } from './llm-queue-bench.ts';

const models = [
  model('a', { req_per_min: 120, error_backoff_in_seconds: 2 }),
  model('b', { req_per_min: 30, error_backoff_in_seconds: 5 }),
  embedding('ada', { req_per_min: 60, error_backoff_in_seconds: 3 }),
];
const WINDOW_SECONDS = 20;
const limits = {
  scheduler_limits: { max_queue_size: 12, request_timeout_seconds: 15 },
  user_limits: { max_num_requests_in_time_window: 6, time_window_in_seconds: WINDOW_SECONDS },
};

const preferences: readonly ModelPreferencesInput[] = [
  LLM,
  EMBEDDING,
  BOTH,
  NONE,
  { specificLlmModel: 'a' },
  { specificLlmModel: 'b', numLlmCallsPerReq: 2 },
  { ...BOTH, specificLlmModel: 'a', numEmbCallsPerReq: 3 },
  { specificLlmModel: 'nobody' },
];

interface Step {
  readonly waitMs: number;
  readonly preference: number;
  readonly user: string;
  readonly outcome: 'ok' | 'llm error' | 'bug' | 'refused' | 'cancelled';
  readonly callMs: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.nat(4_000)),
  preference: fc.nat(preferences.length - 1),
  user: fc.constantFrom('ann', 'bob'),
  outcome: fc.constantFrom<Step['outcome']>('ok', 'ok', 'llm error', 'bug', 'refused', 'cancelled'),
  callMs: fc.nat(6_000),
});

describe.each([
  ['the engine', undefined],
  ['a scheduler', () => new BasicFIFOScheduler()],
])('whatever happens, with the order kept by %s', (_, makeScheduler) => {
  it('everybody is answered once, on models that were asked for, within the users’ limits, and told of in one record', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const world = bench(config(models, limits), { scheduler: makeScheduler?.() });
        const sent = await play(world, steps);
        await world.clock.advance(60_000);
        const done = world.queue.gracefulShutdown();
        await world.clock.advance(60_000);
        await done;

        expect(sent.filter(({ answer, error }) => (answer === undefined) === (error === undefined))).toEqual([]);
        expect(world.rows.all).toHaveLength(steps.length);
        expect(new Set(world.rows.all.map(({ reqId }) => reqId)).size).toBe(steps.length);
        expect(world.queue.queueSize).toBe(0);
        expect(world.clock.pendingTimers).toBe(0);
        for (const { req, models: chosen } of world.calls) expect(ALLOWED[steps[req as number]?.preference ?? -1]).toContain(chosen);
        for (const user of ['ann', 'bob']) expect(mostInAnyWindow(world, user)).toBeLessThanOrEqual(6);
      }),
      { numRuns: 60 },
    );
  });
});

/** Sends what the steps say; each call of an executor ends as its request's step says, a refused one at its second call. */
async function play({ clock, send, calls }: Bench, steps: readonly Step[]): Promise<Sent[]> {
  const sent: Sent[] = [];
  const refused = new Set<number>();
  let seen = 0;
  const answerNew = (): void => {
    for (; seen < calls.length; seen++) {
      const call = calls[seen] as Execution;
      const index = call.req as number;
      const { outcome, callMs } = steps[index] as Step;
      clock.setTimeout(() => {
        if (outcome === 'llm error') call.reject(new LLMError('down', { deploymentId: call.chosen.at(-1)?.deploymentId ?? '' }));
        else if (outcome === 'bug') call.reject(new TypeError('a bug'));
        else if (outcome === 'refused' && !refused.has(index)) {
          refused.add(index);
          call.reject(Object.assign(new Error('429'), { status: 429, headers: { 'retry-after-ms': '700' } }));
        } else call.resolve('ok');
      }, callMs);
    }
  };
  for (const [index, { waitMs, preference, user, outcome, callMs }] of steps.entries()) {
    const controller = new AbortController();
    sent.push(send(preferences[preference], { requestData: index, userId: user, signal: controller.signal }));
    if (outcome === 'cancelled') clock.setTimeout(() => controller.abort(), callMs);
    for (let at = 0; at <= waitMs; at += 500) {
      await clock.advance(Math.min(500, waitMs - at));
      answerNew();
    }
  }
  for (let second = 0; second < 60; second++) {
    await clock.advance(1_000);
    answerNew();
  }
  return sent;
}

/** The models that a request may be given, by its preference. */
const ALLOWED: readonly (readonly string[])[] = [['a', 'b'], ['ada'], ['ada;a', 'ada;b'], [''], ['a'], ['b'], ['ada;a'], []];

/** The most requests of a user that were let through in any window: those that were not refused for the user's limit or a full queue. */
function mostInAnyWindow({ rows }: Bench, userId: string): number {
  const taken = rows.all
    .filter(
      (record) =>
        record.userId === userId && record.errorMessage !== 'RATE LIMIT EXCEEDED' && !record.errorMessage.startsWith('Main queue'),
    )
    .map(({ requestReceivedAt }) => requestReceivedAt);
  return Math.max(0, ...taken.map((start) => taken.filter((at) => at >= start && at < start + WINDOW_SECONDS * 1000).length));
}
