import { afterEach, describe, expect, it } from 'vitest';
import { at, chatBody, type World, world } from './headgate-world.ts';

let open: World[] = [];

afterEach(async () => {
  for (const each of open) await each.headgate.close({ force: true });
  open = [];
});

const start: typeof world = async (...how) => {
  const started = await world(...how);
  open.push(started);
  return started;
};

const call = { format: 'openai-chat', body: chatBody() } as const;
const local = (provider: string, more: object = {}) => ({
  models: { 'gpt-4o': { deployments: [at('own.test', { provider })], ...more } },
});

/** How many of 200 calls are under way as soon as the first ones were answered. */
async function startedAtOnce(w: World): Promise<number> {
  for (let i = 0; i < 10; i++) await w.during(w.headgate.dispatch('gpt-4o', call));
  const before = w.sent.length;
  for (let i = 0; i < 200; i++) w.headgate.dispatch('gpt-4o', call).catch(() => {});
  await w.clock.settle();
  return w.sent.length - before;
}

describe('a server of one’s own', () => {
  it.each(['vllm', 'ollama'])('%s takes everything at once: no rate is sought', async (provider) => {
    const w = await start(local(provider), { 'own.test': { hideHeaders: true } });
    expect(await startedAtOnce(w)).toBe(200);
    expect(w.headgate.status().models[0]?.deployments[0]?.learned).toEqual({ from: 'headers', rates: [], mostInFlight: null });
  });

  it('is searched where the configuration says so, and a provider whose limits are not known always', async () => {
    const asked = await start(local('vllm', { learnLimits: true }), { 'own.test': { hideHeaders: true } });
    expect(await startedAtOnce(asked)).toBeLessThan(20);
    const unknown = await start(local('openai-compatible'), { 'own.test': { hideHeaders: true } });
    expect(await startedAtOnce(unknown)).toBeLessThan(20);
    const [model] = unknown.headgate.status().models;
    expect(model?.deployments[0]?.learned).toMatchObject({ from: 'answers', rates: [{ type: 'rpm', refused: false }] });
    expect(model?.waitsFor).toMatch(/^deployment 'openai-compatible-1': \d+ calls a second \(growing while nothing is refused\)/);
  });

  it('at Ollama’s own address is known as that without a configuration', async () => {
    const w = await start({}, { 'localhost:11434': { hideHeaders: true } });
    const fetch = w.headgate.fetch();
    const ask = () => fetch('http://localhost:11434/v1/chat/completions', { method: 'POST', body: JSON.stringify(chatBody()) });
    await w.during(ask());
    const before = w.sent.length;
    for (let i = 0; i < 50; i++) ask().catch(() => {});
    for (let turn = 0; turn < 20; turn++) await w.clock.settle();
    expect(w.sent.length - before).toBe(50);
  });
});

it('status() names the deployment that everything waits for, until when, and after which error', async () => {
  const w = await start(
    { models: { 'gpt-4o': { deployments: [at('a.test')], retry: { maxAttempts: 1 } } } },
    {
      'a.test': { script: () => ({ fault: 'serverError' }) },
    },
  );
  for (let i = 0; i < 5; i++) await w.during(w.headgate.dispatch('gpt-4o', call).catch(() => {}));
  w.headgate.dispatch('gpt-4o', call).catch(() => {});
  await w.clock.settle();
  const [model] = w.headgate.status().models;
  expect(model?.waitsFor).toMatch(
    /^deployment 'openai-1': circuit open until 20.*Z \(in \d+ s\), after 5 failures: The engine is currently overloaded/,
  );
  expect(model?.deployments[0]).toMatchObject({
    circuit: 'open',
    failures: 5,
    lastError: expect.stringMatching(/^The engine is currently overloaded/) as string,
  });
});
