import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QueueManager, type QueueRequest } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { fails, holds } from '../lib/property.ts';
import { withFault } from './faults.ts';

const WINDOW_MS = 500;
const LIMIT = 1_000;
/** One tenant alone, then both. */
const ALONE_WINDOWS = 10;
const WINDOWS = 50;
/** Each run is long: thousands of calls. */
const RUNS = 15;
/** With two tenants waiting, starts are spread evenly; so much of a window may be ahead of that. */
const PACE_TOLERANCE = 0.05;
/** Of the limit, for the ends of the horizon and rounded amounts. */
const EDGES = 0.01;

/** Both tenants always have requests waiting; all of them use less than was estimated. */
interface Backlog {
  /** Estimated tokens of a request of each tenant. */
  readonly estimates: { readonly a: number; readonly b: number };
  /** Share of the estimate that is really used. */
  readonly used: number;
  readonly latencyMs: number;
  readonly countedWithinMs: number;
}

type Tenant = keyof Backlog['estimates'];

const backlogs: fc.Arbitrary<Backlog> = fc.record({
  estimates: fc.record({ a: fc.integer({ min: 30, max: 100 }), b: fc.integer({ min: 30, max: 100 }) }),
  used: fc.constantFrom(0.1, 0.25, 0.5, 0.8),
  latencyMs: fc.integer({ min: 2, max: 30 }),
  countedWithinMs: fc.constantFrom(0, 10, 50),
});

const usedOf = (estimate: number, share: number): number => Math.round(estimate * share);

interface Call {
  readonly tenant: Tenant;
  readonly startedAt: number;
  readonly estimate: number;
}

/** Every start of a processor, for a horizon of {@link WINDOWS}. */
async function starts({ estimates, used, latencyMs, countedWithinMs }: Backlog): Promise<Call[]> {
  const clock = new VirtualClock();
  const manager = new QueueManager({ clock });
  const calls: Call[] = [];
  const submit = (tenant: Tenant): void => {
    manager.submit({ modelId: 'm', tenant, estimatedInputTokens: estimates[tenant], estimatedOutputTokens: 0 });
  };
  manager.registerQueue(
    { modelId: 'm', rateLimiters: [{ type: 'tpm', limit: LIMIT, timePeriod: WINDOW_MS / 1000, countedWithinMs }] },
    async ({ tenant }: QueueRequest) => {
      const whose: Tenant = tenant === 'a' ? 'a' : 'b';
      const estimate = estimates[whose];
      calls.push({ tenant: whose, startedAt: clock.now(), estimate });
      submit(whose);
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, latencyMs));
      return { usage: { input_tokens: usedOf(estimate, used), output_tokens: 0 } };
    },
  );
  for (let i = 0; i < 5; i++) submit('a');
  await clock.advance(ALONE_WINDOWS * WINDOW_MS);
  for (let i = 0; i < 5; i++) submit('b');
  await clock.advance((WINDOWS - ALONE_WINDOWS) * WINDOW_MS);
  return calls;
}

/**
 * Tokens × ms of the limit that the calls took between two moments, by the provider's arithmetic alone: the estimate
 * while a call runs, what it used from its end until a window after it was counted.
 */
function occupied(calls: readonly Call[], { used, latencyMs, countedWithinMs }: Backlog, from: number, to: number): number {
  const overlap = (start: number, end: number): number => Math.max(0, Math.min(end, to) - Math.max(start, from));
  let sum = 0;
  for (const { startedAt, estimate } of calls) {
    const endedAt = startedAt + latencyMs;
    const goneAt = startedAt + Math.min(countedWithinMs, latencyMs) + WINDOW_MS;
    sum += estimate * overlap(startedAt, endedAt) + usedOf(estimate, used) * overlap(endedAt, goneAt);
  }
  return sum;
}

/** ms × the whole estimate that a call takes of the limit. */
function timeTaken({ used, latencyMs, countedWithinMs }: Backlog): number {
  return latencyMs + used * (WINDOW_MS + Math.min(countedWithinMs, latencyMs) - latencyMs);
}

/**
 * The least share of the limit that must be in use. What may lie idle: room for less than one request, and each place
 * while its call may yet be counted.
 */
function leastShare({ estimates, countedWithinMs }: Backlog): number {
  const largest = Math.max(estimates.a, estimates.b);
  return Math.min(1 - largest / LIMIT, WINDOW_MS / (WINDOW_MS + countedWithinMs));
}

function longestGap(moments: readonly number[], from: number, to: number): number {
  let longest = 0;
  let last = from;
  for (const at of [...moments.filter((moment) => moment > from && moment < to), to]) {
    longest = Math.max(longest, at - last);
    last = at;
  }
  return longest;
}

/**
 * The longest that a tenant may go without a start: the turn of both at the least share, room for a whole estimate of each
 * to come free, though what leaves is only what was used, and what may be ahead of the pace.
 */
function longestWaitMs(backlog: Backlog): number {
  const both = 2 * Math.max(backlog.estimates.a, backlog.estimates.b);
  const turnMs = (both * timeTaken(backlog)) / (LIMIT * leastShare(backlog));
  return turnMs + (both / LIMIT) * WINDOW_MS + PACE_TOLERANCE * WINDOW_MS;
}

const property = fc.asyncProperty(backlogs, async (backlog) => {
  const calls = await starts(backlog);
  const [from, to] = [(ALONE_WINDOWS + 2) * WINDOW_MS, WINDOWS * WINDOW_MS];
  const share = occupied(calls, backlog, from, to) / (LIMIT * (to - from));
  expect(share, 'share of the limit').toBeGreaterThan(leastShare(backlog) - EDGES);
  expect(share, 'share of the limit').toBeLessThanOrEqual(1);
  for (const whose of ['a', 'b'] as const) {
    const moments = calls.filter(({ tenant }) => tenant === whose).map(({ startedAt }) => startedAt);
    expect(longestGap(moments, from, to), `longest wait of ${whose}`).toBeLessThan(longestWaitMs(backlog));
  }
});

test('two tenants whose calls use less than estimated have the limit between them, and neither waits longer than its turn', async () => {
  await holds(property, RUNS);
});

test('a pace that never learns what was used is caught', async () => {
  expect(await withFault('pace-uncorrected', () => fails(property, RUNS))).toBe(true);
});
