import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Upstream } from '../../src/client/dispatch/upstream.ts';
import { ConnectionPool } from '../../src/client/llm/connection-pool.ts';
import { PoolClient } from '../../src/client/llm/pool-client.ts';
import type { PoolSettings } from '../../src/config/headgate-config-types.ts';
import { mostHeadroom } from '../../src/deployments/balancers.ts';
import type { BalancerCandidate } from '../../src/domain/balancer.ts';
import { openai } from '../../src/providers/presets/openai.ts';
import type { Endpoint } from '../../src/providers/provider.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { holds } from '../lib/property.ts';

const SETTINGS: PoolSettings = {
  minSize: 1,
  maxSize: 3,
  acquireTimeout: 10,
  idleTimeout: 60,
  maxLifetime: 7_200,
  healthCheckInterval: 0,
  retryOnError: true,
  enableMetrics: true,
};

/** A pool whose connections only say when they are opened and closed. */
function poolOf(keys: number, settings: Partial<PoolSettings> = {}) {
  const clock = new VirtualClock();
  const opened: string[] = [];
  const closed: string[] = [];
  const open = (id: string) => (): Upstream => {
    const name = `${id}#${opened.filter((each) => each.startsWith(`${id}#`)).length + 1}`;
    opened.push(name);
    const never = (): Promise<never> => new Promise(() => {});
    const endpoint: Endpoint = { preset: openai, send: never, get: never, post: never, close: async () => {} };
    const close = async () => void closed.push(name);
    return { id, provider: 'openai', model: 'm', baseUrl: '', endpoint, hasKey: true, endpointFor: () => endpoint, close };
  };
  const clients = Array.from({ length: keys }, (_, index) => new PoolClient(`k${index + 1}`, open(`k${index + 1}`)));
  const pool = new ConnectionPool({
    name: 'p',
    settings: { ...SETTINGS, ...settings },
    clients,
    balancer: mostHeadroom(),
    clock,
    onRoom: () => {},
  });
  const candidates = (): BalancerCandidate[] =>
    clients.map(({ id, inUse }) => ({ id, weight: 1, inFlight: inUse, headroom: 1, latencyMs: undefined, requestsPerMinute: undefined }));
  const order = () => pool.balancer.order(candidates(), clock.now()).map(({ id }) => id);
  return { clock, pool, opened, closed, order };
}

describe('a client of the pool', () => {
  it('is renewed after maxLifetime: calls that run keep their connection, which closes after the last', async () => {
    const { clock, pool, opened, closed } = poolOf(1, { maxLifetime: 100, idleTimeout: 3_600 });
    const old = pool.lease('k1', 'm');
    await clock.advance(101_000);
    const fresh = pool.lease('k1', 'm');

    expect(opened).toEqual(['k1#1', 'k1#2']);
    expect(closed).toEqual([]);
    old.release(false);
    old.release(false);
    await clock.settle();
    expect(closed).toEqual(['k1#1']);
    fresh.release(true);
    expect(pool.clients[0]).toMatchObject({ totalRequests: 2, errorCount: 1, inUse: 0 });
  });

  it('is offered only when it is open; another is opened when all that are open carry calls', () => {
    const { pool, order } = poolOf(3, { maxSize: 2 });
    expect(order()).toEqual(['k1']);
    const first = pool.lease('k1', 'm');
    expect(order()).toEqual(['k2', 'k1']);
    pool.lease('k2', 'm');
    expect(order()).toEqual(['k1', 'k2']);
    first.release(false);
    expect(order()).toEqual(['k1', 'k2']);
    expect(pool.openClients).toHaveLength(2);
  });

  it('a closed pool offers nothing, leases nothing, and closes when the last call is over', async () => {
    const { clock, pool, order, closed } = poolOf(2, { minSize: 2 });
    const running = pool.lease('k1', 'm');
    let isClosed = false;
    void pool.close().then(() => {
      isClosed = true;
    });
    await clock.settle();

    expect(order()).toEqual([]);
    expect(() => pool.lease('k2', 'm')).toThrow("The pool of 'p' is closed.");
    expect(isClosed).toBe(false);
    running.release(false);
    await clock.settle();
    expect(isClosed).toBe(true);
    expect(closed).toEqual(['k1#1']);
    await clock.advance(10_000_000);
    expect(pool.openClients).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('never more than maxSize, never fewer than minSize, and every connection is closed in the end, whatever happens', async () => {
    const step = fc.oneof(fc.constant('start' as const), fc.constant('end' as const), fc.integer({ min: 1, max: 200 }));
    await holds(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 30 }),
        async (keys, minSize, maxSize, steps) => {
          const { clock, pool, opened, closed, order } = poolOf(keys, { minSize, maxSize, idleTimeout: 60, maxLifetime: 150 });
          const running: { release: (failed: boolean) => void }[] = [];
          for (const each of steps) {
            if (each === 'start') {
              const [id] = order();
              expect(id).toBeDefined();
              if (id !== undefined) running.push(pool.lease(id, 'm'));
            } else if (each === 'end') running.shift()?.release(false);
            else await clock.advance(each * 1_000);
            expect(pool.openClients.length).toBeLessThanOrEqual(maxSize);
            expect(pool.openClients.length).toBeGreaterThanOrEqual(Math.min(minSize, maxSize, keys));
          }
          for (const lease of running) lease.release(false);
          await pool.close();
          expect(closed.toSorted()).toEqual(opened.toSorted());
        },
      ),
      200,
    );
  });
});
