import { describe, expect, it } from 'vitest';
import { type Bench, bench, MODEL } from './harness.ts';

const HEADERS = {
  'X-RateLimit-Limit-Requests': '50',
  'x-ratelimit-remaining-requests': 20,
  'x-ratelimit-reset-requests': '36s',
};

/** One answer may be too little to tell a window from. */
const CALLS = 4;

/** A model whose calls tell these headers, and what was learned from them. */
async function told(headers: unknown, deployment: object = { limitHeaders: 'openai' }): Promise<Bench> {
  const b = bench({ rateLimiters: undefined, deployments: [{ id: 'a', ...deployment }] });
  for (let call = 0; call < CALLS; call++) {
    b.submit();
    await b.clock.settle();
    b.calls.last.context.responseStarted(headers);
    b.calls.last.resolve();
    await b.clock.settle();
  }
  return b;
}

const limits = ({ manager }: Bench) =>
  manager.getQueueInfo(MODEL).deployments[0]?.rateLimiters.map(({ type, limit, usage }) => [type, limit, usage >= 30]);

describe('headers that a processor hands to responseStarted', () => {
  it.each([
    ['an object', HEADERS],
    ['Headers', new Headers({ ...HEADERS, 'x-ratelimit-remaining-requests': '20' })],
    ['a Map', new Map<string, unknown>(Object.entries(HEADERS))],
  ])('as %s are learned from where the deployment names their spelling', async (_, headers) => {
    expect(limits(await told(headers))).toEqual([['rpm', 50, true]]);
    expect(limits(await told(headers, { limitHeaders: 'any' }))).toEqual([['rpm', 50, true]]);
  });

  it('are not read otherwise, nor in another spelling', async () => {
    expect(limits(await told(HEADERS, {}))).toEqual([]);
    expect(limits(await told(HEADERS, { limitHeaders: 'anthropic' }))).toEqual([]);
  });

  it('never raise what is configured', async () => {
    const b = await told(HEADERS, { limitHeaders: 'openai', rateLimiters: [{ type: 'rpm', limit: 10 }] });
    expect(limits(b)?.map(([type, limit]) => [type, limit])).toEqual([['rpm', 10]]);
  });

  it('seek no rate by themselves', async () => {
    const b = await told({ 'content-type': 'text/plain' });
    for (let i = 0; i < 100; i++) b.submit();
    await b.clock.settle();
    expect(b.calls.all).toHaveLength(CALLS + 100);
  });

  it.each([
    ['nothing', null],
    ['a text', 'x-ratelimit-limit-requests: 1'],
    ['a list of numbers', [1, 2]],
    [
      'what throws at every look',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
    ],
  ])('may be %s', async (_, headers) => {
    expect(limits(await told(headers))).toEqual([]);
  });
});

it('a spelling that nobody knows is refused by name', () => {
  expect(() => bench({ deployments: [{ id: 'a', limitHeaders: 'acme' as 'openai' }] })).toThrow(
    /deployments\[0\]\.limitHeaders.*expected one of openai, anthropic, groq, mistral, any/,
  );
});

it('refuses a spelling for a combination: nobody can tell whose headers they are', () => {
  const combined = { id: 'both', parts: { one: 'a' }, limitHeaders: 'openai' } as const;
  expect(() => bench({ deployments: [combined] })).toThrow(
    /deployments\[0\]\.limitHeaders.*a combination cannot tell whose headers they are/,
  );
});
