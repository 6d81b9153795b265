import { describe, expect, it } from 'vitest';
import { LLMConnectionError, LLMProviderError, LLMTimeoutError } from '../../src/domain/llm-errors.ts';
import { anthropicAnswer, anthropicEvents, type Reply, type World, world } from './llm-world.ts';

// Defects that running the package of the same name, system D, shows: see D in docs/seeds.md.

/** One call at a time to one deployment. */
function oneAtATime(more: object): Promise<World> {
  const deployments = [{ provider: 'anthropic', apiKey: 'secret-key-1', rateLimiters: [{ type: 'concurrent' as const, limit: 1 }] }];
  return world({ models: { m: { deployments, ...more } }, pool: { healthCheckInterval: 0, acquireTimeout: 600 } });
}

interface Outcome {
  readonly types: readonly string[];
  readonly error: unknown;
  readonly endedAt: number;
}

/** Reads a stream to whatever end it has. */
async function readAll({ manager, until, clock }: World): Promise<Outcome> {
  const types: string[] = [];
  const stream = manager.getClient().stream('a');
  const error = await until(
    (async () => {
      for await (const { type } of stream) types.push(type);
    })().then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  );
  return { types, error, endedAt: clock.now() };
}

describe('defects of system D', () => {
  it('D-1: a call that took too long is ended before another one starts: never two at once where one is allowed', async () => {
    const w = await oneAtATime({ attemptTimeoutSeconds: 1, retry: { maxAttempts: 3, baseDelayMs: 1 } });
    w.behave(() => ({ ...anthropicAnswer(), delayMs: 60_000 }));
    const client = w.manager.getClient();

    const outcomes = await w.until(Promise.allSettled([1, 2, 3].map((i) => client.complete(`q${i}`))));

    for (const outcome of outcomes) expect(outcome.status === 'rejected' && outcome.reason).toBeInstanceOf(LLMTimeoutError);
    expect(w.calls.length).toBeGreaterThanOrEqual(3);
    expect(w.calls.every(({ aborted }) => aborted)).toBe(true);
    expect(w.open).toEqual({ now: 0, most: 1 });
  });

  // In each, the first content comes with the third event.
  it.each<[string, object, number, readonly string[], number]>([
    ['before its first content', { firstTokenTimeoutSeconds: 2 }, 60_000, [], 2_000],
    ['in the middle', { idleTimeoutSeconds: 2 }, 2_500, ['text'], 9_500],
    ['in all', { attemptTimeoutSeconds: 3 }, 800, ['text'], 3_000],
  ])('D-2: a stream that takes too long %s is ended, and its place is free', async (_, limits, gapMs, delivered, endsAt) => {
    const w = await oneAtATime({ ...limits, retry: { maxAttempts: 1 } });
    w.behave(() => ({ events: anthropicEvents(...Array.from({ length: 90 }, () => 'x')), gapMs }));
    const { types, error, endedAt } = await readAll(w);

    expect(error).toBeInstanceOf(LLMTimeoutError);
    expect({ types, endedAt }).toEqual({ types: delivered, endedAt: endsAt });
    expect(w.calls).toMatchObject([{ aborted: true }]);
    w.behave(() => anthropicAnswer());
    await expect(w.until(w.manager.getClient().complete('b'))).resolves.toMatchObject({ content: 'Four metres.' });
  });

  it.each<[string, Reply, abstract new (...args: never[]) => Error]>([
    [
      'an error of the provider',
      { events: [...anthropicEvents('Four ').slice(0, 3), { type: 'error', error: { type: 'api_error', message: 'broke' } }] },
      LLMProviderError,
    ],
    ['a broken connection', { events: anthropicEvents('Four ').slice(0, 3), breaks: true }, LLMConnectionError],
    ['a missing end', { events: anthropicEvents('Four ').slice(0, 3) }, LLMConnectionError],
  ])('D-3: %s inside a stream is an error, and no end like any other', async (_, reply, kind) => {
    const w = await oneAtATime({});
    w.behave(() => reply);
    const { types, error } = await readAll(w);

    expect(types).toEqual(['text']);
    expect(error).toBeInstanceOf(kind);
    expect(w.calls).toHaveLength(1);
  });
});
