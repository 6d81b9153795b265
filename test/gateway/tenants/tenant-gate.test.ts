import { describe, expect, it } from 'vitest';
import { parseHeadgateConfig } from '../../../src/config/headgate-config.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import type { UserLimitStore } from '../../../src/domain/user-limit-store.ts';
import { Budgets } from '../../../src/gateway/tenants/budgets.ts';
import { TenantGate } from '../../../src/gateway/tenants/tenant-gate.ts';
import { TenantRules } from '../../../src/gateway/tenants/tenant-rules.ts';
import { InMemoryUserRateLimitStoreAdapter } from '../../../src/stores/in-memory-user-limits.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { askedCall, finishedCall, refusal } from './calls.ts';

function setUp(given: object, store: UserLimitStore = new InMemoryUserRateLimitStoreAdapter()) {
  const clock = new VirtualClock();
  const config = parseHeadgateConfig(given);
  const rules = new TenantRules(config);
  const budgets = new Budgets({ tenants: config.tenants, prices: config.prices, store: undefined, clock, logger: silentLogger });
  return { clock, rules, budgets, gate: new TenantGate({ rules, budgets, store, clock, logger: silentLogger }) };
}

describe('a tenant’s call', () => {
  it('is let in as it is where nothing is configured', async () => {
    const { gate } = setUp({});
    expect(await gate.admit(askedCall('acme', { priority: 7 }))).toEqual({ priority: 7 });
    expect(await gate.admit(askedCall(''))).toEqual({ priority: undefined });
  });

  it('gets only models that its tenant may use', async () => {
    const { gate, rules } = setUp({ models: { m: {}, n: {} }, tenants: { acme: { models: ['m'] }, none: { models: [] } } });
    await gate.admit(askedCall('acme', { model: 'm' }));
    await gate.admit(askedCall('another', { model: 'n' }));
    const refused = await refusal(() => gate.admit(askedCall('acme', { model: 'n' })));
    expect(refused).toMatchObject({ status: 403, code: 'model_forbidden', retryable: false, retryAfterSeconds: undefined });
    expect(refused.message).toBe("Tenant 'acme' may not use model 'n'. Its models: 'm'.");
    expect((await refusal(() => gate.admit(askedCall('none')))).message).toContain('Its models: none.');
    expect([rules.mayUse('acme', 'm'), rules.mayUse('acme', 'n'), rules.mayUse('another', 'n')]).toEqual([true, false, true]);
  });

  it('gets no higher priority than its tenant may have', async () => {
    const { gate } = setUp({ tenants: { acme: { priorityCeiling: 2 }, low: { priorityCeiling: -5 } } });
    const priority = async (tenant: string, asked: number | undefined) =>
      (await gate.admit(askedCall(tenant, { priority: asked }))).priority;
    expect(await priority('acme', 10)).toBe(2);
    expect(await priority('acme', -3)).toBe(-3);
    expect(await priority('acme', undefined)).toBeUndefined();
    expect(await priority('low', undefined)).toBe(-5);
    expect(await priority('low', -9)).toBe(-9);
  });

  it('waits for its window, exactly, once its tenant sent as many as it may', async () => {
    const { gate, clock } = setUp({ tenants: { acme: { userLimits: { maxNumRequestsInTimeWindow: 2, timeWindowInSeconds: 10 } } } });
    expect((await gate.admit(askedCall('acme'))).requests).toEqual({ limit: 2, remaining: 1, resetSeconds: 10 });
    await clock.advance(2_500);
    expect((await gate.admit(askedCall('acme'))).requests).toEqual({ limit: 2, remaining: 0, resetSeconds: 10 });
    await clock.advance(500);
    const refused = await refusal(() => gate.admit(askedCall('acme')));
    expect(refused).toMatchObject({ status: 429, code: 'user_rate_limit', retryable: true, retryAfterSeconds: 7 });
    expect(refused.message).toBe("Tenant 'acme' may send 2 requests in 10 s and has. Try again in 7 s.");
    await gate.admit(askedCall('another'));
    await clock.advance(7_000);
    await gate.admit(askedCall('acme'));
  });

  it('is limited by the top-level limits where its tenant has none of its own, and by 40 in 60 s where they have no figures', async () => {
    const { gate } = setUp({
      userLimits: { maxNumRequestsInTimeWindow: 1 },
      tenants: { own: { userLimits: {} }, plain: {} },
    });
    for (let call = 0; call < 40; call++) await gate.admit(askedCall('own'));
    expect((await refusal(() => gate.admit(askedCall('own')))).retryAfterSeconds).toBe(60);
    await gate.admit(askedCall('plain'));
    await refusal(() => gate.admit(askedCall('plain')));
    await gate.admit(askedCall('unknown'));
    await refusal(() => gate.admit(askedCall('unknown')));
  });

  it('is not counted as a request in a batch', async () => {
    const { gate } = setUp({ tenants: { acme: { userLimits: { maxNumRequestsInTimeWindow: 1 } } } });
    for (let line = 0; line < 5; line++) await gate.admit(askedCall('acme', { kind: 'batch' }));
    await gate.admit(askedCall('acme', { kind: 'request' }));
    await refusal(() => gate.admit(askedCall('acme')));
  });

  it('costs no request where its model or its budget refuses it, and sets nothing aside where its window does', async () => {
    const tenants = { acme: { models: ['m'], userLimits: { maxNumRequestsInTimeWindow: 2 }, budget: { tokens: { perDay: 150 } } } };
    const { gate, budgets } = setUp({ models: { m: {} }, tenants });
    await refusal(() => gate.admit(askedCall('acme', { model: 'n' })));
    const first = askedCall('acme');
    expect(await gate.admit(first)).toMatchObject({ requests: { remaining: 1 }, tokens: { limit: 150, remaining: 50 } });
    const second = askedCall('acme');
    expect((await gate.admit(second)).requests?.remaining).toBe(0);
    expect((await refusal(() => gate.admit(askedCall('acme')))).code).toBe('budget_exhausted');
    gate.finished(finishedCall(first, 10));
    gate.finished(finishedCall(second, 10));
    const refused = askedCall('acme');
    expect((await refusal(() => gate.admit(refused))).code).toBe('user_rate_limit');
    gate.finished(finishedCall(refused, 0, { outcome: 'rejected', usage: undefined }));
    expect(budgets.states('acme')).toMatchObject([{ spent: 20, reserved: 0 }]);
  });

  it('is answered with 503 where nobody can tell how many were sent', async () => {
    const broken: UserLimitStore = { connect: () => {}, disconnect: () => {}, checkAndAddRequest: () => Promise.reject(new Error('down')) };
    const { gate } = setUp({ userLimits: {} }, broken);
    expect(await refusal(() => gate.admit(askedCall('acme')))).toMatchObject({
      status: 503,
      code: 'store_unavailable',
      retryAfterSeconds: 1,
    });
  });
});
