import { describe, expect, it } from 'vitest';
import { bench, MODEL } from './harness.ts';

const DAY_MS = 86_400_000;
const refusal = (more: object) => Object.assign(new Error('slow'), { status: 429, ...more });

describe('a wait that nobody can mean', () => {
  it.each<[string, object]>([
    ['seconds in a header', refusal({ headers: { 'retry-after': '99999999999999' } })],
    ['milliseconds in a header', refusal({ headers: { 'retry-after-ms': '1e18' } })],
    ['a date in a header', refusal({ headers: { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' } })],
    ['a number of its own', { code: 'rate_limit_refused', retryAfterMs: 1e18 }],
  ])('by %s is none: it is tried again as after a refusal that names no time', async (_what, thrown) => {
    for (const config of [{ deployments: [{ id: 'a' }] }, { rateLimiters: [{ type: 'rpm', limit: 10 } as const] }]) {
      const { manager, submit, clock, calls } = bench(config);
      const seen: (string | null)[] = [];
      manager.queue$(MODEL).subscribe(({ waitsFor }) => seen.push(waitsFor));
      const handle = submit();
      await clock.settle();
      calls.last.reject(thrown);
      await clock.advance(500);
      expect(manager.explain(handle.id)?.reason).toMatch(/2025-01-01T00:00:01Z \(in 500 ms\)$/);
      expect(seen.at(-1)).toContain('2025-01-01T00:00:01Z');
      await clock.advance(500);
      expect(calls.all).toHaveLength(2);
    }
  });

  it('of a year or less is kept', async () => {
    const { submit, clock, calls } = bench({ deployments: [{ id: 'a' }] });
    submit();
    await clock.settle();
    calls.last.reject(refusal({ headers: { 'retry-after': String(30 * 86_400) } }));
    await clock.advance(30 * DAY_MS - 1);
    expect(calls.all).toHaveLength(1);
    await clock.advance(1);
    expect(calls.all).toHaveLength(2);
  });

  it('for a refused account is an hour, as for one that names no time', async () => {
    const { manager, submit, clock, calls, events } = bench({ deployments: [{ id: 'a' }] });
    submit();
    await clock.settle();
    calls.last.reject(Object.assign(new Error('401'), { status: 401, untilMs: 1e30 }));
    await clock.settle();
    expect(events.find(({ type }) => type === 'deployment-disabled')).toMatchObject({ until: clock.wallMs() + 3_600_000 });
    expect(manager.getQueueInfo(MODEL).deployments[0]?.restsUntil).toBe(clock.wallMs() + 3_600_000);
  });
});

it('a rest beyond every date that is configured can still be told', async () => {
  const { manager, submit, clock, calls } = bench({
    deployments: [{ id: 'a', errorBackoffInSeconds: 1e13, circuit: { failuresInARow: 1 } }],
  });
  submit();
  await clock.settle();
  calls.last.reject(Object.assign(new Error('broken'), { status: 502 }));
  const handle = submit();
  await clock.settle();
  const words = /circuit open until a day beyond every calendar \(in 2777777778 h\)/;
  expect(manager.explain(handle.id)?.reason).toMatch(words);
  expect(manager.getStatus(MODEL, handle.id)).toMatchObject({ waitsFor: expect.stringMatching(words) as string });
  expect(manager.getQueueInfo(MODEL).waitsFor).toMatch(words);
});
