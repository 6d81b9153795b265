import { afterEach, describe, expect, it } from 'vitest';
import { at, chatBody, type World, world } from './headgate-world.ts';
import { anthropicEvents, keys, world as llmWorld } from './llm-world.ts';

let open: World | undefined;

afterEach(async () => {
  await open?.headgate.close({ force: true });
});

const onePlace = { rateLimiters: [{ type: 'concurrent', limit: 1 }] } as const;
/** The default of `attemptTimeoutSeconds`. */
const ATTEMPT_MS = 600_000;

// A consumer that forgets its stream tells nobody: it must not keep its place for ever.
describe('a stream that nobody reads', () => {
  async function opened(outputTokens: number) {
    open = await world(
      { models: { 'gpt-4o': { deployments: [at('a.test')], ...onePlace } } },
      { 'a.test': { script: () => ({ outputTokens }) } },
    );
    const { headgate, during } = open;
    const fetch = headgate.fetch();
    const call = (): Promise<Response> =>
      fetch('https://a.test/v1/chat/completions', {
        method: 'POST',
        body: JSON.stringify(chatBody({ stream: true, max_tokens: outputTokens })),
      });
    const forgotten = await during(call());
    return { world: open, forgotten, call };
  }

  it('gives its place back with the attempt\u2019s time limit, by default', async () => {
    const { world: w, forgotten, call } = await opened(100_000);

    const next = w.during(call());

    expect((await next).status).toBe(200);
    expect(w.clock.now()).toBeGreaterThan(ATTEMPT_MS - 1_000);
    expect(w.clock.now()).toBeLessThan(ATTEMPT_MS + 1_000);
    // Once: what was handed out is not made again.
    expect(w.sent).toHaveLength(2);
    await expect(w.during(forgotten.text())).rejects.toThrow();
  });

  it('is nothing that another deployment has to answer for', async () => {
    const circuit = { failuresInARow: 1 };
    const deployments = [at('a.test', { circuit }), at('b.test', { circuit })];
    open = await world(
      { models: { 'gpt-4o': { deployments, balancer: 'round-robin' } } },
      { 'a.test': { script: () => ({ outputTokens: 100_000 }) }, 'b.test': {} },
    );
    const { headgate, during, clock, sent } = open;
    const body = JSON.stringify(chatBody({ stream: true, max_tokens: 100_000 }));

    await during(headgate.fetch()('https://a.test/v1/chat/completions', { method: 'POST', body }));
    await clock.advance(ATTEMPT_MS + 60_000);

    const states = headgate.status().models[0]?.deployments.map(({ id, state }) => [id, state]);
    expect(sent.map(({ origin }) => origin)).toEqual(['https://a.test']);
    expect(states).toContainEqual(['openai-2', 'available']);
    expect(headgate.status().models[0]).toMatchObject({ processing: 0, queueSize: 0 });
  });

  it('stays in no line once it took too long, and closes no circuit that it opened', async () => {
    open = await world(
      { models: { 'gpt-4o': { deployments: [at('a.test', { circuit: { failuresInARow: 1 } })], retry: { maxAttempts: 3 } } } },
      { 'a.test': { script: () => ({ outputTokens: 100_000 }) } },
    );
    const { headgate, during, clock, sent } = open;
    const body = JSON.stringify(chatBody({ stream: true, max_tokens: 100_000 }));
    const states = () => headgate.status().models[0];

    await during(headgate.fetch()('https://a.test/v1/chat/completions', { method: 'POST', body }));
    await clock.advance(ATTEMPT_MS);

    expect(states()).toMatchObject({ processing: 0, queueSize: 0, deployments: [{ circuit: 'open', failures: 1 }] });
    await clock.advance(120_000);
    expect(sent).toHaveLength(1);
    expect(states()).toMatchObject({ queueSize: 0, deployments: [{ circuit: 'open', failures: 1 }] });
  });

  it('keeps its place until it is read, though all of it is here: what lies unread is bounded by the calls at once', async () => {
    const { world: w, forgotten, call } = await opened(20);
    const next = call();
    await w.clock.advance(60_000);
    expect(w.sent).toHaveLength(1);

    expect(await w.during(forgotten.text())).toContain('[DONE]');

    expect((await w.during(next)).status).toBe(200);
    expect(w.clock.now()).toBeLessThan(70_000);
  });
});

it('an iterator of a client that is pulled no more gives its place back with the attempt\u2019s time limit', async () => {
  const { manager, clock, behave, until, calls, open: atProvider } = await llmWorld(keys(1, { settings: { timeout: 120 } }));
  behave(() => ({ events: anthropicEvents(...Array.from({ length: 1_000 }, () => 'x'.repeat(2_000))), gapMs: 10 }));
  const client = manager.getClient();
  const iterator = client.streamComplete('a')[Symbol.asyncIterator]();
  await until(iterator.next());
  expect(client.getStatus().inUseClients).toBe(1);

  await clock.advance(120_000);
  expect(atProvider.now).toBe(0);
  // The longest wait before another attempt.
  await clock.advance(60_000);

  expect(calls).toHaveLength(1);
  expect(client.getStatus()).toMatchObject({ inUseClients: 0, queueSize: 0 });
  await expect(iterator.next()).rejects.toMatchObject({ code: 'timeout' });
});
