import { describe, expect, it } from 'vitest';
import { createHeadgate } from '../../src/client/create-headgate.ts';
import type { Dispatched } from '../../src/client/dispatch/dispatch-types.ts';
import type { HttpTransport } from '../../src/domain/http-transport.ts';
import { type FaultKind, SeededRandom, SimulatedProvider, type SimulatedScript, simulateHttp } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';

const MODEL = 'model';
const REQUESTS = 5_000;
const LIMITS = { rpm: 400, tpm: 60_000 };
const WINDOW_SECONDS = 10;

/** Faults that pass, or that another deployment may not have. */
const PASSING: readonly FaultKind[] = [
  'serverError',
  'reset',
  'stall',
  'stallHeaders',
  'truncate',
  'resetInBody',
  'errorInBody',
  'badGateway',
  'html',
  'garbage',
  'openrouterError',
  'nonsenseHeaders',
  'rateLimit',
  'slowDown',
  'overloaded',
];
/** Outcomes that may never be tried again, wherever. */
const FINAL: readonly FaultKind[] = ['contentFilter', 'promptTooLong'];
const FAULT_SHARE = 0.2;

interface Call {
  readonly deployment: string;
  readonly fault: FaultKind | 'none';
}

/** What became of one request. */
interface Story {
  readonly id: string;
  readonly stream: boolean;
  readonly calls: Call[];
  /** Ids of the answers that any part of reached the reader. */
  readonly answers: Set<string>;
  outcome?: 'completed' | 'broken' | 'failed';
  error?: unknown;
}

class World {
  readonly clock = new VirtualClock();
  readonly stories = new Map<string, Story>();
  readonly toPaused: string[] = [];
  readonly providers = new Map<string, SimulatedProvider>();
  calls = 0;
  injected = 0;
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    for (const name of ['a', 'b', 'c']) {
      const provider = new SimulatedProvider({
        clock: this.clock,
        seed: seed + name.charCodeAt(0),
        limits: [
          { type: 'rpm', limit: LIMITS.rpm, windowMs: WINDOW_SECONDS * 1000, mechanism: 'sliding' },
          { type: 'tpm', limit: LIMITS.tpm, windowMs: WINDOW_SECONDS * 1000, mechanism: 'sliding' },
        ],
        cost: 'openai',
        countDelayMs: { min: 0, max: 50 },
        latency: { headersMs: { min: 50, max: 300 }, bodyMs: { min: 50, max: 900 } },
        faults: { stallMs: 90_000 },
        script: ({ body }) => this.#script(name, String(body['user'])),
      });
      this.providers.set(name, provider);
    }
  }

  /** Which fault a call meets, drawn when it arrives. */
  #script(deployment: string, id: string): SimulatedScript {
    const kinds = this.#random.next() < 0.05 ? FINAL : PASSING;
    const fault = this.#random.next() < FAULT_SHARE ? (kinds[this.#random.integer({ min: 0, max: kinds.length - 1 })] ?? 'none') : 'none';
    if (fault !== 'none') this.injected++;
    this.stories.get(id)?.calls.push({ deployment, fault });
    return { fault };
  }

  readonly transport: HttpTransport = async ({ method, origin, path, headers, body, signal, onWritten }) => {
    const name = new URL(origin).hostname.split('.')[0] ?? '';
    const provider = this.providers.get(name);
    if (provider === undefined) throw new Error(`No provider '${name}'.`);
    onWritten();
    this.calls++;
    this.onCall(name);
    return simulateHttp(provider, { method, path, headers, signal, ...(body !== undefined && { body }) });
  };

  onCall: (deployment: string) => void = () => {};
}

async function run(seed: number) {
  const world = new World(seed);
  const rateLimiters = [
    { type: 'rpm', limit: LIMITS.rpm, timePeriod: WINDOW_SECONDS },
    { type: 'tpm', limit: LIMITS.tpm, timePeriod: WINDOW_SECONDS },
  ] as const;
  const random = new SeededRandom(seed + 1);
  const headgate = await createHeadgate(
    {
      models: {
        [MODEL]: {
          deployments: [...world.providers.keys()].map((id) => ({
            id,
            provider: 'openai',
            baseUrl: `http://${id}.test/v1`,
            apiKey: `key-of-${id}`,
            rateLimiters: [...rateLimiters],
            errorBackoffInSeconds: 2,
          })),
          learnLimits: false,
          retry: { maxAttempts: 50, baseDelayMs: 200, maxDelayMs: 5_000 },
          firstTokenTimeoutSeconds: 20,
          idleTimeoutSeconds: 10,
          attemptTimeoutSeconds: 60,
        },
      },
    },
    { clock: world.clock, transport: world.transport, random: () => random.next() },
  );
  world.onCall = (name) => {
    const limiters = headgate.queues.getQueueInfo(MODEL).deployments.find(({ id }) => id === name)?.rateLimiters ?? [];
    for (const { type, state } of limiters) if (state === 'paused') world.toPaused.push(`${name} ${type} at ${world.clock.now()}`);
  };
  const sizes = new SeededRandom(seed + 2);
  const settled = Array.from({ length: REQUESTS }, (_, index) => {
    const story: Story = { id: `r${index}`, stream: sizes.next() < 0.5, calls: [], answers: new Set() };
    world.stories.set(story.id, story);
    const body = {
      model: MODEL,
      messages: [{ role: 'user', content: 'x'.repeat(sizes.integer({ min: 4, max: 600 })) }],
      max_tokens: sizes.integer({ min: 5, max: 120 }),
      user: story.id,
      ...(story.stream && { stream: true }),
    };
    return headgate.dispatch(MODEL, { format: 'openai-chat', body }).then(
      (dispatched) => read(story, dispatched),
      (error: unknown) => {
        story.outcome = 'failed';
        story.error = error;
      },
    );
  });
  let pending = REQUESTS;
  for (const each of settled) void each.finally(() => pending--);
  for (let step = 0; pending > 0 && step < 3_000; step++) await world.clock.advance(1_000);
  await world.clock.advance(2 * WINDOW_SECONDS * 1000);
  const info = headgate.queues.getQueueInfo(MODEL);
  await headgate.close();
  return { world, info, pending };
}

async function read(story: Story, { answer }: Dispatched): Promise<void> {
  try {
    if (answer.kind === 'whole') story.answers.add((answer.json as { id: string }).id);
    else {
      for await (const { events } of answer.parts) {
        for (const { data } of events) {
          const { id, error } = (data === '[DONE]' ? {} : JSON.parse(data)) as { id?: string; error?: unknown };
          // An error inside a stream belongs to no answer.
          if (id !== undefined && error === undefined) story.answers.add(id);
        }
      }
    }
    story.outcome = 'completed';
  } catch (error) {
    story.outcome = 'broken';
    story.error = error;
  }
}

describe.each([1, 2])('5,000 requests on three deployments, a fifth of the calls faulty, seed %i', (seed) => {
  it('lose nothing, repeat nothing that was delivered, and keep every limit', { timeout: 120_000 }, async () => {
    const { world, info, pending } = await run(seed);
    expect(pending).toBe(0);
    const stories = [...world.stories.values()];

    // Only outcomes that may never be retried fail: a final answer, or a stream that broke when its reader had some of it.
    for (const { id, outcome, calls, stream, answers, error } of stories) {
      const last = calls.at(-1);
      const why = `${id} ${outcome}: ${calls.map(({ deployment, fault }) => `${deployment}:${fault}`).join(' ')}: ${String(error)}`;
      if (outcome === 'failed') expect(FINAL, why).toContain(last?.fault);
      if (outcome === 'broken') expect(stream && last?.fault !== 'none' && answers.size > 0, why).toBe(true);
      if (outcome === 'completed') expect(FINAL, why).not.toContain(last?.fault);
      expect(answers.size, why).toBeLessThanOrEqual(1);
      expect(outcome, why).toBeDefined();
    }
    const of = (outcome: Story['outcome']): number => stories.filter((story) => story.outcome === outcome).length;
    expect(of('completed')).toBeGreaterThan(0.9 * REQUESTS);
    expect(of('failed')).toBeGreaterThan(0);

    expect(world.calls).toBeLessThanOrEqual(1.05 * REQUESTS + world.injected);
    expect(world.toPaused).toEqual([]);
    for (const provider of world.providers.values()) {
      for (const { type, limit, mostInAnyWindow } of provider.stats().limits) expect(mostInAnyWindow, type).toBeLessThanOrEqual(limit);
      expect(provider.stats().refused).toBe(0);
    }
    expect(info).toMatchObject({ queueSize: 0, processing: 0 });
    for (const { inFlight, rateLimiters } of info.deployments) {
      expect(inFlight).toBe(0);
      for (const { usage, type } of rateLimiters) expect(usage, type).toBe(0);
    }
  });
});
