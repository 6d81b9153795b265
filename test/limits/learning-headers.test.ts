import { describe, expect, test } from 'vitest';
import type { RateLimiterType } from '../../src/domain/limit-types.ts';
import { HeaderLearner } from '../../src/limits/learning/header-learner.ts';
import { LimitLearner } from '../../src/limits/learning/limit-learner.ts';
import { WindowEstimate } from '../../src/limits/learning/window-estimate.ts';
import { type DeploymentRun, type DeploymentRunOptions, runDeployment } from './learning-deployment.ts';
import { HIDDEN_MECHANISMS, HiddenLimit, type HiddenMechanism } from './learning-provider.ts';

const WINDOW_MS = 5_000;
const SEEDS = [1, 2, 3];

function hidden(mechanism: HiddenMechanism, capacity: number, seed: number): HiddenLimit {
  return new HiddenLimit(mechanism, capacity, WINDOW_MS, (777 * seed) % WINDOW_MS);
}

function run(mechanism: HiddenMechanism, capacity: number, seed: number, more: Partial<DeploymentRunOptions> = {}): DeploymentRun {
  return runDeployment({ limits: [['rpm', hidden(mechanism, capacity, seed)]], headers: 'exact', seed, runMs: 50_000, ...more });
}

function curve({ windows, instructions }: DeploymentRun): string {
  const sets = instructions.flatMap((each) => (each.kind === 'set' ? [`${each.type} ${each.limit}/${each.windowMs}`] : []));
  return `${windows.map(({ accepted, refused }) => (refused > 0 ? `${accepted}-${refused}` : accepted)).join(' ')} | ${sets.join(', ')}`;
}

const tokens = (draw: number) => ({ inputTokens: Math.ceil(100 + 1_900 * draw * draw), outputTokens: 0 });

describe('an endless backlog behind limits that headers tell', () => {
  test.each(['bucket', 'sliding'] as const)(
    '%s: share ≥ 0.95 from the second window on, less than one call in a hundred refused',
    (mechanism) => {
      for (const seed of SEEDS) {
        for (const capacity of seed === 1 ? [50, 500, 2_000] : [50, 500]) {
          const result = run(mechanism, capacity, seed);
          const context = `seed ${seed}, ${capacity}: ${curve(result)}`;
          expect(result.shares[0], context).toBeGreaterThanOrEqual(0.95);
          expect(result.refused, context).toBeLessThan(0.01 * result.calls);
          expect(result.learner.mode).toBe('headers');
        }
      }
    },
  );

  test('fixed windows: one burst a window; over a long run the share is what two drifting windows allow', () => {
    for (const seed of SEEDS) {
      const result = run('fixed', 500, seed, { runMs: 200_000 });
      expect(result.shares[0], `seed ${seed}: ${curve(result)}`).toBeGreaterThanOrEqual(0.93);
      expect(result.refused, `seed ${seed}`).toBeLessThan(0.01 * result.calls);
    }
  });

  test.each(['bucket', 'sliding'] as const)('%s: tokens of very different calls', (mechanism) => {
    const result = runDeployment({ limits: [['tpm', hidden(mechanism, 100_000, 1)]], headers: 'exact', seed: 1, runMs: 50_000, tokens });
    expect(result.shares[0], curve(result)).toBeGreaterThanOrEqual(0.95);
    expect(result.refused).toBeLessThan(0.01 * result.calls);
  });

  test.each(HIDDEN_MECHANISMS)('%s: resets in whole seconds', (mechanism) => {
    const result = run(mechanism, 500, 1, { headers: 'whole-seconds' });
    expect(result.shares[0], curve(result)).toBeGreaterThanOrEqual(0.95);
    expect(result.refused).toBeLessThan(0.01 * result.calls);
  });

  test.each(HIDDEN_MECHANISMS)('%s: remaining tokens rounded to thousands', (mechanism) => {
    const limits = [['itpm', hidden(mechanism, 100_000, 1)]] as const;
    const result = runDeployment({ limits, headers: 'thousands', seed: 1, runMs: 50_000, tokens });
    expect(result.shares[0], curve(result)).toBeGreaterThanOrEqual(0.95);
    expect(result.refused).toBeLessThan(0.01 * result.calls);
  });

  test('a minute is a minute', () => {
    const limits = [['rpm', new HiddenLimit('bucket', 500, 60_000, 0)]] as const;
    const result = runDeployment({ limits, headers: 'exact', seed: 1, runMs: 300_000 });
    expect(result.shares[0], curve(result)).toBeGreaterThanOrEqual(0.95);
    expect(result.instructions).toContainEqual({
      kind: 'set',
      type: 'rpm',
      limit: 500,
      windowMs: 60_000,
      algorithm: 'token-bucket',
      burst: 500,
    });
  });

  test('somebody else with the same key is noticed, and few calls are refused beside him', () => {
    for (const mechanism of HIDDEN_MECHANISMS) {
      const result = run(mechanism, 500, 1, { foreignPerS: 30 });
      expect(result.instructions.some(({ kind }) => kind === 'used')).toBe(true);
      expect(result.refused, `${mechanism}: ${curve(result)}`).toBeLessThan(0.1 * result.calls);
    }
  });

  test('a limit that falls is followed at once', () => {
    for (const mechanism of HIDDEN_MECHANISMS) {
      const result = run(mechanism, 500, 1, { changes: [{ atMs: 25_000, capacity: 250 }] });
      const after = result.windows.slice(7);
      expect(
        after.every(({ accepted }) => accepted <= 255),
        `${mechanism}: ${curve(result)}`,
      ).toBe(true);
      expect(after.reduce((sum, { accepted }) => sum + accepted, 0)).toBeGreaterThan(0.95 * 250 * after.length);
    }
  });

  test('what is configured is never loosened', () => {
    const stricter = run('sliding', 500, 1, { learner: { configured: [{ type: 'rpm', limit: 400, windowMs: WINDOW_MS }] } });
    expect(stricter.instructions.filter(({ kind }) => kind === 'set')).toEqual([]);
    expect(stricter.windows.every(({ accepted }) => accepted <= 400)).toBe(true);
    const looser = run('sliding', 500, 1, { learner: { configured: [{ type: 'rpm', limit: 700, windowMs: WINDOW_MS }] } });
    expect(looser.instructions).toContainEqual({ kind: 'set', type: 'rpm', limit: 500, windowMs: WINDOW_MS, algorithm: 'sliding-window' });
    expect(
      looser.windows.slice(2).reduce((sum, { refused }) => sum + refused, 0),
      curve(looser),
    ).toBe(0);
  });

  test('a configured part of a limit is all there while the others keep to the rest', () => {
    const answersWith = (remaining: number) => {
      const learner = new HeaderLearner([{ type: 'rpm', limit: 100, windowMs: 60_000 }]);
      const observations = [{ type: 'rpm' as const, limit: 500, remaining, windowMs: 60_000 }];
      return learner.observe({ observations, sentAt: 0, headersAt: 9, books: () => ({ held: 10, inFlight: 0 }) });
    };
    expect(answersWith(90)).toEqual([]);
    // The others use some of this part.
    expect(answersWith(30)).toEqual([{ kind: 'used', type: 'rpm', amount: 60 }]);
  });
});

describe('the window', () => {
  const at = (estimate: WindowEstimate, samples: readonly (readonly [used: number, resetMs: number])[], limit = 500) => {
    for (const [used, resetMs] of samples) estimate.add({ limit, used, resetMs }, 0);
    return estimate;
  };

  test('of a bucket follows from what its reset says', () => {
    const estimate = at(new WindowEstimate(60_000), [
      [10, 99],
      [50, 497],
      [200, 1_999],
      [400, 3_995],
    ]);
    expect(estimate.isBucket).toBe(true);
    expect(estimate.windowMs).toBe(5_000);
  });

  test('of a bucket that is a minute is a minute', () => {
    const estimate = at(new WindowEstimate(60_000), [
      [1, 120],
      [2, 181],
      [7, 840],
    ]);
    expect(estimate.windowMs).toBe(60_000);
  });

  test('is the usual one that moments named to the second leave room for', () => {
    const estimate = new WindowEstimate(60_000);
    for (const [used, resetMs] of [
      [200, 5_130],
      [350, 5_970],
      [351, 5_480],
    ] as const)
      estimate.add({ limit: 500, used, resetMs, isCoarse: true }, 0);
    expect(estimate.windowMs).toBe(5_000);
    expect(estimate.isBucket).toBe(false);
  });

  test('that slides is its reset', () => {
    const estimate = at(new WindowEstimate(60_000), [
      [1, 5_000],
      [2, 5_000],
      [3, 5_000],
    ]);
    expect(estimate.isBucket).toBe(false);
    expect(estimate.windowMs).toBe(5_000);
  });

  test('that is fixed is what its reset begins with', () => {
    const estimate = at(new WindowEstimate(60_000), [
      [1, 2_220],
      [2, 2_050],
      [3, 1_900],
    ]);
    expect(estimate.windowMs).toBe(2_220);
    expect(at(estimate, [[1, 4_870]]).windowMs).toBe(5_000);
  });

  test('is believed only until its reset was not seen for forty times its length', () => {
    const estimate = at(new WindowEstimate(60_000), [
      [1, 5_000],
      [2, 5_000],
      [3, 3_600_000],
    ]);
    expect(estimate.windowMs).toBe(3_600_000);
    for (let now = 0; now < 400_000_000; now += 1_000_000) estimate.add({ limit: 500, used: 9, resetMs: 5_000 }, now);
    expect(estimate.windowMs).toBe(5_000);
  });

  test('is not inferred from nothing', () => {
    const estimate = at(new WindowEstimate(60_000), [
      [0, 0],
      [5, 0],
      [-3, 10],
    ]);
    expect(estimate.known).toBe(false);
  });
});

describe('headers against our own books', () => {
  const nothing = (): { held: number; inFlight: number } => ({ held: 0, inFlight: 0 });
  const seen = (used: number, limit = 500) => ({ type: 'rpm' as const, limit, remaining: limit - used, resetMs: 5_000 });
  const learned = (): HeaderLearner => {
    const learner = new HeaderLearner();
    for (const used of [1, 2, 3]) learner.observe({ observations: [seen(used)], sentAt: 0, headersAt: 100, books: nothing });
    return learner;
  };

  test('what the provider counts beyond all that we hold, in flight included, counts as used now', () => {
    const answer = { observations: [seen(120)], sentAt: 1_000, headersAt: 1_100 };
    expect(learned().observe({ ...answer, books: () => ({ held: 100, inFlight: 10 }) })).toEqual([
      { kind: 'used', type: 'rpm', amount: 20 },
    ]);
    expect(learned().observe({ ...answer, books: () => ({ held: 120, inFlight: 10 }) })).toEqual([]);
    expect(learned().observe({ ...answer, books: () => ({ held: 90, heldAtSend: 119, inFlight: 10 }) })).toEqual([]);
  });

  test('an answer that took half a window says nothing of what is used now', () => {
    expect(learned().observe({ observations: [seen(120)], sentAt: 1_000, headersAt: 4_000, books: nothing })).toEqual([]);
  });

  test('with a window in the header’s name, or without any reset, the limit is kept as named', () => {
    const named = new HeaderLearner().observe({
      observations: [{ type: 'tpm', limit: 6_000, remaining: 5_000, windowMs: 60_000 }],
      sentAt: 0,
      headersAt: 9,
      books: nothing,
    });
    expect(named).toEqual([
      { kind: 'set', type: 'tpm', limit: 6_000, windowMs: 60_000, algorithm: 'sliding-window' },
      { kind: 'used', type: 'tpm', amount: 1_000 },
    ]);
    const learner = new HeaderLearner();
    const observe = () =>
      learner.observe({ observations: [{ type: 'rpm', limit: 60, remaining: 50 }], sentAt: 0, headersAt: 9, books: nothing });
    expect([...observe(), ...observe()]).toEqual([]);
    expect(observe()).toContainEqual({ kind: 'set', type: 'rpm', limit: 60, windowMs: 60_000, algorithm: 'sliding-window' });
  });

  test('nonsense is not heard', () => {
    const learner = new HeaderLearner();
    const odd = [
      { type: 'rpm' as const, limit: 0, remaining: 0, resetMs: 0 },
      { type: 'rpm' as const, remaining: 5 },
      { type: 'concurrent' as const, limit: 5, remaining: 1 },
    ];
    for (let i = 0; i < 9; i++) expect(learner.observe({ observations: odd, sentAt: 0, headersAt: 1, books: nothing })).toEqual([]);
    expect(learner.knows).toBe(false);
  });
});

describe('a deployment that nothing is known of', () => {
  const answer = (now: number, more: object = {}) => ({
    startedAt: now - 100,
    now,
    outcome: 'accepted' as const,
    tokens: { inputTokens: 10, outputTokens: 10 },
    observations: [],
    books: () => ({ held: 0, inFlight: 0 }),
    inFlight: 1,
    ...more,
  });

  test('begins with three calls in flight, and seeks a rate once three answers carried no headers', () => {
    const learner = new LimitLearner();
    expect(learner.begin()).toEqual([{ kind: 'concurrent', limit: 3 }]);
    expect([...learner.answered(answer(100)), ...learner.answered(answer(200))]).toEqual([]);
    const third = learner.answered(answer(300));
    expect(third.map(({ kind }) => kind)).toEqual(['rate', 'concurrent']);
    expect(third.at(-1)).toEqual({ kind: 'concurrent', limit: undefined });
    expect(learner.mode).toBe('adaptive');
  });

  test('a refusal that names tokens seeks a rate of tokens beside that of requests', () => {
    const learner = new LimitLearner();
    for (let now = 100; now < 2_000; now += 100) learner.answered(answer(now));
    const refused = learner.answered(answer(2_000, { outcome: 'refused', limitType: 'tpm', startedAt: 1_990 }));
    const types = refused.flatMap((each): RateLimiterType[] => (each.kind === 'rate' ? [each.type] : []));
    expect(types).toEqual(['rpm', 'tpm']);
  });

  test('headers that come later take over from the rate', () => {
    const learner = new LimitLearner();
    for (let now = 100; now < 1_000; now += 100) learner.answered(answer(now));
    expect(learner.mode).toBe('adaptive');
    const observations = [{ type: 'rpm' as const, limit: 500, remaining: 400, windowMs: 60_000 }];
    const taken = learner.answered(answer(1_000, { observations }));
    expect(taken.map(({ kind }) => kind)).toEqual(['remove', 'set', 'used']);
    expect(learner.mode).toBe('headers');
    expect(learner.answered(answer(1_100, { observations, books: () => ({ held: 100, inFlight: 0 }) }))).toEqual([]);
  });

  test('with configured limits nothing is probed and no rate sought', () => {
    const learner = new LimitLearner({ configured: [{ type: 'rpm', limit: 100, windowMs: 60_000 }] });
    expect(learner.begin()).toEqual([]);
    for (let now = 100; now < 1_000; now += 100) expect(learner.answered(answer(now))).toEqual([]);
    expect(learner.answered(answer(1_000, { outcome: 'refused' }))).toEqual([]);
  });

  test.each(['bucket', 'sliding'] as const)('%s without headers: the rate comes within a tenth of the capacity', (mechanism) => {
    const result = run(mechanism, 500, 1, { headers: 'none', runMs: 100_000 });
    const last = result.windows.slice(10, 20);
    expect(
      last.every(({ accepted }) => Math.abs(accepted / 500 - 1) <= 0.1),
      curve(result),
    ).toBe(true);
    expect(last.reduce((sum, { refused }) => sum + refused, 0)).toBeLessThan(50);
  });
});
