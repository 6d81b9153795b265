import { describe, expect, it, onTestFinished } from 'vitest';
import type { HeadgateConfigInput } from '../../src/config/headgate-config-schema.ts';
import type { HttpTransport } from '../../src/domain/http-transport.ts';
import { createGateway } from '../../src/gateway/create-gateway.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import { SimulatedProvider, simulateHttp } from '../../src/simulator/index.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { faultsOf } from './fuzz/fuzz-verdict.ts';
import { gatewayWorld } from './gateway-world.ts';

const CALL = { max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] };
const FACES = [
  ['/v1/chat/completions', 'gpt'],
  ['/v1/messages', 'claude'],
] as const;
type ModelInput = NonNullable<HeadgateConfigInput['models']>[string];

interface StillWorld {
  readonly clock: VirtualClock;
  readonly gateway: Gateway;
  /** The `user` of each call that was sent upstream, in order. */
  readonly sent: readonly string[];
  ask(path: string, body: object, headers?: Record<string, string>): Promise<Awaited<ReturnType<Gateway['app']['inject']>>>;
  /** Resolves once so many calls wait for the model. */
  untilWaiting(model: string, count: number): Promise<void>;
}

/** A gateway for which time stands still until it is moved on. */
async function stillWorld(model: ModelInput): Promise<StillWorld> {
  const clock = new VirtualClock();
  const sent: string[] = [];
  const providers = {
    openai: new SimulatedProvider({ clock, limits: [], countDelayMs: { min: 0, max: 0 } }),
    anthropic: new SimulatedProvider({ clock, limits: [], countDelayMs: { min: 0, max: 0 }, dialect: 'anthropic' }),
  };
  const transport: HttpTransport = (request) => {
    const { user = '' } = JSON.parse(request.body ?? '{}') as { user?: string };
    sent.push(user);
    request.onWritten();
    return simulateHttp(providers[request.origin.includes('anthropic') ? 'anthropic' : 'openai'], request);
  };
  const gateway = await createGateway(
    {
      models: {
        gpt: { ...model, deployments: [{ provider: 'openai', baseUrl: 'https://openai.test/v1', apiKey: 'k' }] },
        claude: { ...model, deployments: [{ provider: 'anthropic', baseUrl: 'https://anthropic.test', apiKey: 'k' }] },
      },
      gateway: { database: 'sqlite::memory:' },
      telemetry: { sink: 'none' },
    },
    { clock, transport, env: {} },
  );
  onTestFinished(async () => {
    const closed = gateway.close({ deadlineMs: 0 });
    await clock.advance(60_000);
    await closed;
  });
  await gateway.app.ready();
  return {
    clock,
    gateway,
    sent,
    ask: (path, body, headers) => gateway.app.inject({ method: 'POST', url: path, payload: body, headers }),
    untilWaiting: (id, count) => expect.poll(() => gateway.headgate.queues.queueSize(id), { interval: 5 }).toBe(count),
  };
}

const ONE_A_MINUTE: ModelInput = { rateLimiters: [{ type: 'rpm', limit: 1 }] };

describe('a deadline', () => {
  it.each([
    ...FACES.map((face) => ['x-headgate-timeout', ...face] as const),
    ...FACES.map((face) => ['x-stainless-timeout', ...face] as const),
  ])('by %s ends the wait at %s with 504, and says that asking again is no use', async (header, path, model) => {
    const { clock, ask, untilWaiting, sent } = await stillWorld(ONE_A_MINUTE);
    const first = ask(path, { ...CALL, model });
    await expect.poll(() => sent.length).toBe(1);
    const late = ask(path, { ...CALL, model }, { [header]: '5' });
    await untilWaiting(model, 1);
    await clock.advance(4_990);
    await untilWaiting(model, 1);
    await clock.advance(20);
    const { statusCode, headers, payload } = await late;
    expect(statusCode).toBe(504);
    expect(headers['x-should-retry']).toBe('false');
    expect(payload).toContain('deadline_exceeded');
    expect(faultsOf({ method: 'POST', path, headers: {} }, { status: statusCode, headers, text: payload })).toEqual([]);
    expect((await first).statusCode).toBe(200);
    expect(sent).toHaveLength(1);
  });

  it.each(FACES)('ends the call at the provider too, where it has begun: %s', async (path, model) => {
    const slow = { latency: { headersMs: { min: 20_000, max: 20_000 } } };
    const { url, openai, anthropic } = await gatewayWorld({ openai: slow, anthropic: slow });
    const headers = { 'content-type': 'application/json', 'x-headgate-timeout': '0.3' };
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify({ ...CALL, model }), headers });
    expect(response.status).toBe(504);
    expect(response.headers.get('x-should-retry')).toBe('false');
    await expect.poll(() => openai.provider.stats().aborted + anthropic.provider.stats().aborted).toBe(1);
  });

  it('that headgate is told goes before the one that the SDK tells of itself', async () => {
    const { clock, ask, untilWaiting } = await stillWorld(ONE_A_MINUTE);
    const first = ask('/v1/chat/completions', { ...CALL, model: 'gpt' });
    const second = ask('/v1/chat/completions', { ...CALL, model: 'gpt' }, { 'x-headgate-timeout': '120', 'x-stainless-timeout': '5' });
    await untilWaiting('gpt', 1);
    await clock.advance(70_000);
    expect((await first).statusCode).toBe(200);
    expect((await second).statusCode).toBe(200);
  });
});

describe('a full queue', () => {
  it.each(FACES)('is told by %s as 429, and whoever comes back when it says so gets in', async (path, model) => {
    const { clock, ask, untilWaiting, gateway } = await stillWorld({ ...ONE_A_MINUTE, maxQueueSize: 2 });
    const before = [ask(path, { ...CALL, model })];
    await expect.poll(() => gateway.headgate.queues.getQueueInfo(model).rateLimiters[0]?.usage).toBe(1);
    before.push(ask(path, { ...CALL, model }), ask(path, { ...CALL, model }));
    await untilWaiting(model, 2);
    await clock.advance(7_500);
    const { statusCode, headers, payload } = await ask(path, { ...CALL, model });
    expect(statusCode).toBe(429);
    expect(faultsOf({ method: 'POST', path, headers: {} }, { status: statusCode, headers, text: payload })).toEqual([]);
    const seconds = Number(headers['retry-after']);
    // The first of the two starts a minute after the one that runs, and what is counted when is known to a second.
    expect(seconds).toBeGreaterThanOrEqual(50);
    expect(seconds).toBeLessThanOrEqual(55);
    await clock.advance(seconds * 1_000);
    await untilWaiting(model, 1);
    const again = ask(path, { ...CALL, model });
    await untilWaiting(model, 2);
    await clock.advance(130_000);
    for (const asked of [...before, again]) expect((await asked).statusCode).toBe(200);
  });
});

describe('a priority', () => {
  it.each(FACES)('is kept to at %s: higher ones go first', async (path, model) => {
    const { clock, ask, untilWaiting, sent } = await stillWorld(ONE_A_MINUTE);
    const blocked = ask(path, { ...CALL, model, user: 'first' });
    await expect.poll(() => sent.length).toBe(1);
    const asked = [blocked];
    for (const [index, priority] of ['-10', '', '10'].entries()) {
      asked.push(ask(path, { ...CALL, model, user: `priority ${priority}` }, priority === '' ? {} : { 'x-headgate-priority': priority }));
      await untilWaiting(model, index + 1);
    }
    await clock.advance(200_000);
    for (const call of asked) expect((await call).statusCode).toBe(200);
    expect(sent).toEqual(['first', 'priority 10', 'priority ', 'priority -10']);
  });
});

describe('the time for reading a request', () => {
  it('is none for its answer', async () => {
    const { url } = await gatewayWorld({
      openai: { latency: { headersMs: { min: 900, max: 900 } } },
      config: { gateway: { readTimeoutSeconds: 0.2, database: 'sqlite::memory:' } },
    });
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...CALL, model: 'gpt' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(200);
  });
});

describe('a gateway that is told to stop', () => {
  const post = (url: string, path: string, body: object): Promise<Response> =>
    fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

  it('is not ready any more, takes no new calls, lets the streams end and fails what still waits at the deadline', async () => {
    const { url, gateway } = await gatewayWorld({
      model: { rateLimiters: [{ type: 'rpm', limit: 1 }] },
      openai: { latency: { ttft: { baseMs: 10, spikeChance: 0, tokensPerSecond: { min: 60, max: 60 } } } },
    });
    const stream = await post(url, '/v1/chat/completions', { ...CALL, model: 'gpt', max_tokens: 50, stream: true });
    expect(stream.status).toBe(200);
    const queued = [post(url, '/v1/chat/completions', { ...CALL, model: 'gpt' }), post(url, '/v1/messages', { ...CALL, model: 'gpt' })];
    await expect.poll(() => gateway.headgate.queues.queueSize('gpt')).toBe(2);
    const closed = gateway.close({ deadlineMs: 2_000 });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    for (const [path] of FACES) {
      const refused = await post(url, path, { ...CALL, model: 'claude' });
      expect(refused.status).toBe(503);
      const text = await refused.text();
      expect(text).toContain('engine_stopped');
      expect(faultsOf({ method: 'POST', path, headers: {} }, { status: 400, headers: Object.fromEntries(refused.headers), text })).toEqual(
        [],
      );
    }
    expect(await stream.text()).toContain('data: [DONE]');
    for (const call of queued) expect((await call).status).toBe(503);
    await closed;
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});
