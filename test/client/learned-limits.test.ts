import { describe, expect, it } from 'vitest';
import { createHeadgate } from '../../src/client/create-headgate.ts';
import { type Mechanism, SimulatedProvider, type SimulatorStats, simulateHttp } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const WINDOW_MS = 5_000;
const BODY = { model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5 };

/** What the provider counted in one stretch of a window's length. */
interface Stretch {
  /** ÷ the capacity then. */
  readonly share: number;
  readonly accepted: number;
  readonly refused: number;
}

interface Hidden {
  /** Refusals say when to come back, headers or not. */
  readonly showRetryAfter?: boolean;
  readonly dialect?: 'openai' | 'anthropic';
  readonly mechanism: Mechanism;
  readonly capacity: number;
  readonly hideHeaders: boolean;
  readonly seed: number;
  /** A limit on tokens per window besides; then the one on requests is configured. */
  readonly tokens?: number;
}

/** An endless backlog in front of one deployment whose limits nobody configured, under the virtual clock. */
class HiddenLimits {
  readonly #clock = new VirtualClock();
  readonly #provider: SimulatedProvider;
  readonly #tokens: number | undefined;
  readonly #dialect: 'openai' | 'anthropic';
  #capacity: number;
  #stopped = false;

  constructor({ mechanism, capacity, hideHeaders, seed, tokens, dialect = 'openai', showRetryAfter = !hideHeaders }: Hidden) {
    this.#dialect = dialect;
    this.#capacity = capacity;
    this.#tokens = tokens;
    this.#provider = new SimulatedProvider({
      clock: this.#clock,
      seed,
      limits: [
        { type: 'rpm', limit: capacity, windowMs: WINDOW_MS, mechanism },
        ...(tokens === undefined ? [] : [{ type: 'tpm' as const, limit: tokens, windowMs: WINDOW_MS, mechanism }]),
      ],
      cost: 'openai',
      latency: { headersMs: { min: 50, max: 300 } },
      countDelayMs: { min: 0, max: 50 },
      dialect,
      hideHeaders,
      hideRetryAfter: !showRetryAfter,
    });
  }

  async start(): Promise<void> {
    const provider = this.#provider;
    const rpm = { type: 'rpm', limit: this.#capacity, timePeriod: WINDOW_MS / 1000 } as const;
    const configured = this.#tokens === undefined ? {} : { rateLimiters: [rpm] };
    const headgate = await createHeadgate(
      { models: { m: { deployments: [{ id: 'd', provider: this.#dialect, baseUrl: 'http://d.test/v1', apiKey: 'key', ...configured }] } } },
      {
        clock: this.#clock,
        transport: async ({ method, path, headers, body, signal, onWritten }) => {
          onWritten();
          return simulateHttp(provider, { method, path, headers, signal, ...(body !== undefined && { body }) });
        },
      },
    );
    const ask = async (): Promise<void> => {
      while (!this.#stopped)
        await headgate.dispatch('m', { format: this.#dialect === 'openai' ? 'openai-chat' : 'anthropic-messages', body: BODY });
    };
    for (let i = 0; i < 3 * this.#capacity; i++) void ask();
  }

  change(factor: number): void {
    this.#capacity *= factor;
    this.#provider.setLimits([{ type: 'rpm', limit: this.#capacity }]);
  }

  async stretches(count: number): Promise<Stretch[]> {
    const stretches: Stretch[] = [];
    for (let i = 0; i < count; i++) {
      const before = this.#provider.stats();
      await this.#clock.advance(WINDOW_MS);
      const after = this.#provider.stats();
      const accepted = after.accepted - before.accepted;
      stretches.push({ accepted, share: accepted / this.#capacity, refused: after.refused - before.refused });
    }
    return stretches;
  }

  stop(): SimulatorStats {
    this.#stopped = true;
    return this.#provider.stats();
  }
}

function refusedShare(stretches: readonly Stretch[]): number {
  const sum = (of: (stretch: Stretch) => number): number => stretches.reduce((total, each) => total + of(each), 0);
  return sum(({ refused }) => refused) / sum(({ accepted, refused }) => accepted + refused);
}

/** After how many windows five in a row are within 10 % of the capacity with less than 1 % refused; −1: never. */
function settledAfter(stretches: readonly Stretch[]): number {
  return stretches.findIndex((_, index) => {
    const five = stretches.slice(index, index + 5);
    return five.length === 5 && refusedShare(five) < 0.01 && five.every(({ share }) => Math.abs(share - 1) <= 0.1);
  });
}

const shown = (stretches: readonly Stretch[]): string =>
  stretches.map(({ share, refused }) => `${share.toFixed(2)}${refused > 0 ? `!${refused}` : ''}`).join(' ');

describe('hidden limits, learned from headers', () => {
  it.each([
    { mechanism: 'bucket', capacity: 50, seed: 1 },
    { mechanism: 'bucket', capacity: 500, seed: 2 },
    { mechanism: 'sliding', capacity: 50, seed: 3 },
    { mechanism: 'sliding', capacity: 500, seed: 4 },
    { mechanism: 'fixed', capacity: 50, seed: 5 },
    { mechanism: 'fixed', capacity: 500, seed: 6 },
    { mechanism: 'sliding', capacity: 500, seed: 2 },
    { mechanism: 'fixed', capacity: 500, seed: 2 },
    { mechanism: 'fixed', capacity: 200, seed: 1 },
  ] as const)('$mechanism of $capacity per 5 s: nearly all of it from the second window on, and hardly a refusal', async (limit) => {
    const world = new HiddenLimits({ ...limit, hideHeaders: false });
    await world.start();
    // Of fifty a single call more or less is two in a hundred.
    const stretches = await world.stretches(limit.capacity < 100 ? 15 : 30);
    const [first, ...later] = stretches;
    const why = shown(stretches);
    expect(first?.share, why).toBeGreaterThan(0.9);
    for (const { share } of later) expect(share, why).toBeGreaterThanOrEqual(0.95);
    expect(refusedShare(stretches), why).toBeLessThan(0.01);
    for (const { mostInAnyWindow, mechanism } of world.stop().limits)
      if (mechanism === 'sliding') expect(mostInAnyWindow).toBeLessThanOrEqual(limit.capacity);
  });
});

describe('hidden limits, learned from resets that name a second', () => {
  it.each([
    { mechanism: 'bucket', capacity: 500, seed: 1 },
    { mechanism: 'bucket', capacity: 100, seed: 2 },
    { mechanism: 'sliding', capacity: 500, seed: 3 },
    { mechanism: 'fixed', capacity: 500, seed: 1 },
  ] as const)('$mechanism of $capacity per 5 s: the share is what it is with finer ones', async (limit) => {
    const world = new HiddenLimits({ ...limit, hideHeaders: false, dialect: 'anthropic' });
    await world.start();
    const [, ...later] = await world.stretches(20);
    world.stop();
    expect(later.reduce((sum, { share }) => sum + share, 0) / later.length, shown(later)).toBeGreaterThanOrEqual(0.96);
    expect(refusedShare(later), shown(later)).toBeLessThan(0.01);
  });
});

describe('hidden limits, without headers', () => {
  it.each([
    { mechanism: 'bucket', capacity: 100, seed: 1 },
    { mechanism: 'bucket', capacity: 500, seed: 2 },
    { mechanism: 'bucket', capacity: 500, seed: 5 },
    { mechanism: 'sliding', capacity: 500, seed: 1 },
    { mechanism: 'sliding', capacity: 500, seed: 3 },
    { mechanism: 'sliding', capacity: 200, seed: 4 },
    { mechanism: 'fixed', capacity: 200, seed: 2 },
    { mechanism: 'fixed', capacity: 500, seed: 5 },
    { mechanism: 'bucket', capacity: 500, seed: 1, showRetryAfter: true },
  ] as const)('$mechanism of $capacity per 5 s: found, and found again when it doubles or halves', { timeout: 60_000 }, async (limit) => {
    const world = new HiddenLimits({ ...limit, hideHeaders: true });
    await world.start();
    const start = await world.stretches(15);
    world.change(2);
    const doubled = await world.stretches(12);
    world.change(0.5);
    const halved = await world.stretches(12);
    world.stop();
    const why = [start, doubled, halved].map(shown).join(' | ');
    for (const after of [settledAfter(start), settledAfter(doubled), settledAfter(halved)]) {
      expect(after, why).toBeGreaterThanOrEqual(0);
      expect(after, why).toBeLessThanOrEqual(5);
    }
  });
});

it('a limit on tokens beside a configured one on requests is found from its refusals, and costs one burst', async () => {
  // Each call costs five tokens: of 500 that the limit on requests lets through the other takes 200.
  const world = new HiddenLimits({ mechanism: 'bucket', capacity: 500, hideHeaders: true, seed: 7, tokens: 1_000 });
  await world.start();
  const [burst, ...later] = await world.stretches(20);
  world.stop();
  const why = shown([burst, ...later].flatMap((each) => each ?? []));
  expect(burst?.refused, why).toBeLessThanOrEqual(500);
  const settled = later.slice(-10);
  expect(refusedShare(settled), why).toBeLessThan(0.02);
  const served = settled.reduce((sum, { accepted }) => sum + accepted, 0) / settled.length;
  expect(served, why).toBeGreaterThan(0.85 * 200);
});
