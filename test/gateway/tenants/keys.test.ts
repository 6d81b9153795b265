import { describe, expect, it } from 'vitest';
import type { ApiKeyRecord, KeyStore } from '../../../src/domain/key-store.ts';
import { silentLogger } from '../../../src/domain/logger.ts';
import { LOCAL_CALLER } from '../../../src/gateway/calls/caller.ts';
import { isKeyOf, keyIdOf, newApiKey } from '../../../src/gateway/tenants/api-key.ts';
import { Authentication } from '../../../src/gateway/tenants/authenticate.ts';
import { KeyRing } from '../../../src/gateway/tenants/key-ring.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { refusal } from './calls.ts';

class KeysInMemory implements KeyStore {
  readonly records = new Map<string, ApiKeyRecord>();
  readings = 0;
  /** Undefined: it is down. */
  answers: Promise<void> | undefined = Promise.resolve();

  async add(record: ApiKeyRecord): Promise<void> {
    this.records.set(record.keyId, record);
  }

  async list(): Promise<readonly ApiKeyRecord[]> {
    this.readings++;
    if (this.answers === undefined) throw new Error('down');
    await this.answers;
    return [...this.records.values()];
  }

  async revoke(keyId: string, at: number): Promise<boolean> {
    const record = this.records.get(keyId);
    if (record !== undefined) this.records.set(keyId, { ...record, revokedAt: record.revokedAt ?? at });
    return record !== undefined;
  }
}

function setUp() {
  const clock = new VirtualClock();
  const store = new KeysInMemory();
  const ring = new KeyRing({ store, clock, logger: silentLogger });
  const make = async (tenant: string, isAdmin = false): Promise<string> => {
    const { key, record } = newApiKey({ tenant, isAdmin }, clock.wallMs());
    await store.add(record);
    return key;
  };
  return { clock, store, ring, make, authentication: new Authentication(ring) };
}

describe('an API key', () => {
  it('is long, random, and kept only as a hash', () => {
    const { key, record } = newApiKey({ tenant: 'acme', isAdmin: true }, 5);
    expect(key).toMatch(/^hg_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/);
    expect(keyIdOf(key)).toBe(record.keyId);
    expect(record).toEqual({
      keyId: record.keyId,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      tenant: 'acme',
      isAdmin: true,
      createdAt: 5,
      revokedAt: undefined,
    });
    expect(JSON.stringify(record)).not.toContain(key.slice(16));
    const keys = new Set(Array.from({ length: 200 }, () => newApiKey({ tenant: 'a', isAdmin: false }, 0).key));
    expect(keys.size).toBe(200);
  });

  it('is that of its own record only, to the last letter', () => {
    const { key, record } = newApiKey({ tenant: 'acme', isAdmin: false }, 0);
    expect(isKeyOf(key, record)).toBe(true);
    expect(isKeyOf(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`, record)).toBe(false);
    expect(isKeyOf(key, undefined)).toBe(false);
    expect(isKeyOf('', record)).toBe(false);
    expect(['hg_', 'sk-abc', `${key}x`, ` ${key}`, `hg_${'g'.repeat(12)}_${'a'.repeat(43)}`].map(keyIdOf)).toEqual(
      Array(5).fill(undefined),
    );
  });
});

describe('the key ring', () => {
  it('notices keys that are made and revoked elsewhere within two seconds, and reads no oftener', async () => {
    const { clock, store, ring, make } = setUp();
    const key = await make('acme');
    for (let call = 0; call < 100; call++) expect((await ring.find(key))?.tenant).toBe('acme');
    expect(store.readings).toBe(1);

    await store.revoke(keyIdOf(key) ?? '', 1);
    const later = await make('bob');
    await clock.advance(300);
    expect((await ring.find(later))?.tenant).toBe('bob');
    await clock.advance(2_000);
    expect(await ring.find(key)).toBeUndefined();
  });

  it('asks the database at most four times a second for keys that nobody made', async () => {
    const { clock, store, ring } = setUp();
    const { key } = newApiKey({ tenant: 'none', isAdmin: false }, 0);
    for (let call = 0; call < 1_000; call++) {
      expect(await ring.find(key)).toBeUndefined();
      await clock.advance(1);
    }
    expect(store.readings).toBeLessThanOrEqual(5);
  });

  it('has keys from the first that was made on, also once it is revoked', async () => {
    const { clock, store, ring, make } = setUp();
    expect(await ring.hasKeys()).toBe(false);
    const key = await make('acme');
    await clock.advance(2_000);
    expect(await ring.hasKeys()).toBe(true);
    await store.revoke(keyIdOf(key) ?? '', 1);
    await clock.advance(2_000);
    expect(await ring.hasKeys()).toBe(true);
  });

  it('goes on with the keys it knows while the database is down, and lets nobody wait for it', async () => {
    const { clock, store, ring, make } = setUp();
    const key = await make('acme');
    await ring.find(key);
    store.answers = undefined;
    await clock.advance(10_000);
    expect((await ring.find(key))?.tenant).toBe('acme');

    // It hangs: only the first call waits, for a quarter of a second.
    store.answers = new Promise(() => {});
    await clock.advance(10_000);
    let found: ApiKeyRecord | undefined;
    void ring.find(key).then((record) => (found = record));
    await clock.advance(250);
    expect(found?.tenant).toBe('acme');
    expect((await ring.find(key))?.tenant).toBe('acme');
  });

  it('lets nobody in where the database never answered', async () => {
    const { store, ring, authentication } = setUp();
    store.answers = undefined;
    expect(await refusal(() => ring.hasKeys())).toMatchObject({ status: 503, code: 'store_unavailable' });
    expect(await refusal(() => authentication.callerOf({}))).toMatchObject({ status: 503 });
  });
});

describe('who calls', () => {
  it("is this machine's user while there is no key, whatever key is sent", async () => {
    const { authentication } = setUp();
    expect(await authentication.callerOf({})).toBe(LOCAL_CALLER);
    expect(await authentication.callerOf({ authorization: 'Bearer sk-anything' })).toBe(LOCAL_CALLER);
    expect(await authentication.callerOf({ 'x-headgate-tenant': 'acme' })).toEqual({ ...LOCAL_CALLER, tenant: 'acme' });
  });

  it('is told by the key, in any of its headers', async () => {
    const { authentication, make } = setUp();
    const key = await make('acme');
    const caller = { keyId: keyIdOf(key), tenant: 'acme', isAdmin: false };
    for (const headers of [
      { authorization: `Bearer ${key}` },
      { authorization: `bearer  ${key} ` },
      { 'x-api-key': key },
      { 'api-key': key },
      { authorization: 'Bearer sk-of-the-sdk', 'x-api-key': key },
      { 'x-api-key': key, 'x-headgate-tenant': 'acme' },
    ]) {
      expect(await authentication.callerOf(headers)).toEqual(caller);
    }
  });

  it('is nobody without a key or with a wrong one, and no key is in the message', async () => {
    const { authentication, make } = setUp();
    await make('acme');
    const wrong = newApiKey({ tenant: 'acme', isAdmin: true }, 0).key;
    expect(await refusal(() => authentication.callerOf({}))).toMatchObject({ status: 401, code: 'missing_key', retryable: false });
    expect(await refusal(() => authentication.callerOf({ authorization: 'Basic abc' }))).toMatchObject({ code: 'missing_key' });
    for (const key of [wrong, 'sk-1', 'hg_', '__proto__']) {
      const refused = await refusal(() => authentication.callerOf({ 'x-api-key': key }));
      expect(refused).toMatchObject({ status: 401, code: 'unknown_key' });
      expect(refused.message).not.toContain(key === 'hg_' ? 'hg_' : key);
    }
  });

  it('acts for another tenant with an administrator’s key only, and for one that can be named', async () => {
    const { authentication, make } = setUp();
    const [key, admin] = [await make('acme'), await make('ops', true)];
    const as = (sent: string, tenant: string) => authentication.callerOf({ 'x-api-key': sent, 'x-headgate-tenant': tenant });
    expect(await refusal(() => as(key, 'bob'))).toMatchObject({ status: 403, code: 'tenant_forbidden' });
    expect(await as(admin, 'bob')).toEqual({ keyId: keyIdOf(admin), tenant: 'bob', isAdmin: true });
    for (const name of ['a b', 'x'.repeat(101), '-a', 'a\u0000', 'ä']) {
      expect(await refusal(() => as(admin, name))).toMatchObject({ status: 403, code: 'tenant_forbidden' });
    }
  });
});
