import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchFacts } from '../../../src/domain/batch-store.ts';
import { laneOf, type Settlement, type Work } from '../../../src/domain/request-journal.ts';
import { openDatabase, type SqlDatabase } from '../../../src/stores/sql/open-database.ts';
import { SqlBatchStore } from '../../../src/stores/sql/sql-batch-store.ts';
import { SqlFileStore } from '../../../src/stores/sql/sql-file-store.ts';
import { SqlRequestJournal } from '../../../src/stores/sql/sql-request-journal.ts';
import { WorkDatabase } from '../../../src/stores/sql/work-tables.ts';
import { freshDatabase } from '../../servers/fresh-database.ts';

const OWNER = { keyId: 'key-1', tenant: 'a', isAdmin: false };

function work(id: string, more: Partial<Work> = {}): Work {
  return {
    id,
    owner: OWNER,
    batch: undefined,
    endpoint: '/v1/chat/completions',
    model: 'm',
    body: '{"model":"m"}',
    priority: 0,
    deadline: undefined,
    metadata: undefined,
    acceptedAt: 1_735_689_600_000,
    ...more,
  };
}

const line = (batchId: string, number: number): Work =>
  work(`${batchId}_${number}`, { batch: { batchId, line: number, customId: `c${number}` }, priority: -10 });

function settlement(seq: number, status: 'completed' | 'failed' = 'completed', answer: string | null = '{"a":"é\\u0000"}'): Settlement {
  const facts = {
    modelId: 'm',
    attempts: 1,
    inputTokens: 3,
    outputTokens: 5,
    deploymentId: 'd',
    response: { status: 200, requestId: 'r' },
  };
  const outcome =
    status === 'completed' ? { ...facts, status } : ({ ...facts, status, reason: 'error', code: 'x', error: 'It failed.\u0000' } as const);
  return { seq, at: 1_735_689_700_000, outcome, answer: answer ?? undefined };
}

const atMost = (count: number) => ({ count, characters: 1_000_000 });

const FACTS: BatchFacts = {
  endpoint: '/v1/embeddings',
  inputFileId: 'file-1',
  completionWindow: '24h',
  metadata: { a: 'b' },
  createdAt: 1,
  expiresAt: 2,
  since: {},
  total: 0,
};

describe.each(['sqlite', 'postgres'] as const)('persisted work in %s', (kind) => {
  let drop: () => Promise<void>;
  let database: SqlDatabase;
  let journal: SqlRequestJournal;
  let batches: SqlBatchStore;
  let files: SqlFileStore;

  beforeEach(async () => {
    const fresh = kind === 'postgres' ? await freshDatabase() : { url: ':memory:', drop: async () => {} };
    drop = fresh.drop;
    database = await openDatabase(fresh.url);
    const tables = new WorkDatabase(database);
    journal = new SqlRequestJournal(tables);
    batches = new SqlBatchStore(tables);
    files = new SqlFileStore(tables);
  });

  afterEach(async () => {
    await database.close();
    await drop();
  });

  it('gives work back as it was accepted, lane by lane, in order', async () => {
    const full = work('1', { deadline: 1_800_000_000_000, metadata: '{"x":1}', body: '{"model":"m","text":"\\u0000é"}' });
    await journal.accept([full, work('2'), work('3', { priority: 5 }), work('4', { owner: { ...OWNER, tenant: 'b' } })]);
    await journal.accept([work('5')]);
    expect([...(await journal.lanes())].sort()).toEqual(['["a","m",0]', '["a","m",5]', '["b","m",0]']);
    const [first, ...others] = await journal.take(laneOf(full), 0, atMost(10));
    expect(first).toEqual({ ...full, seq: expect.any(Number) });
    expect(others.map(({ id }) => id)).toEqual(['2', '5']);
    expect((await journal.take(laneOf(full), first?.seq ?? 0, atMost(1))).map(({ id }) => id)).toEqual(['2']);
  });

  it('hands out as much at once as was asked for, and at least one piece', async () => {
    const long = JSON.stringify({ model: 'm', text: 'x'.repeat(1000) });
    await journal.accept(['1', '2', '3', '4'].map((id) => work(id, { body: long })));
    const ids = async (characters: number): Promise<string[]> =>
      (await journal.take('["a","m",0]', 0, { count: 3, characters })).map(({ id }) => id);
    expect(await ids(1)).toEqual(['1']);
    expect(await ids(2.5 * long.length)).toEqual(['1', '2']);
    expect(await ids(10 * long.length)).toEqual(['1', '2', '3']);
  });

  it('accepts all or nothing', async () => {
    await journal.accept([work('1')]);
    await expect(journal.accept([work('2'), work('1')])).rejects.toThrow();
    expect(await journal.find('2', undefined)).toBeUndefined();
  });

  it('records one outcome, the first; until then, and after a crash, the work is pending', async () => {
    await journal.accept([work('1'), work('2')]);
    const [first, second] = await journal.take('["a","m",0]', 0, atMost(10));
    const [one, two] = [first?.seq ?? 0, second?.seq ?? 0];
    expect(await journal.settle([settlement(one)])).toEqual(new Set([one]));
    expect(await journal.settle([settlement(one, 'failed'), settlement(two, 'failed', null)])).toEqual(new Set([two]));
    const { seq: _, ...kept } = settlement(one);
    expect((await journal.find('1', 'a'))?.settled).toEqual(kept);
    expect((await journal.find('2', undefined))?.settled).toMatchObject({
      answer: undefined,
      outcome: { reason: 'error', error: 'It failed.\u0000' },
    });
    expect(await journal.take('["a","m",0]', 0, atMost(10))).toEqual([]);
    expect(await journal.lanes()).toEqual([]);
  });

  it('shows a tenant its own requests only', async () => {
    await journal.accept([work('1')]);
    expect(await journal.find('1', 'b')).toBeUndefined();
    expect(await journal.find('1', '')).toBeUndefined();
    expect((await journal.find('1', undefined))?.id).toBe('1');
  });

  it('counts the outcomes of a batch’s lines, each once, and lists and forgets them', async () => {
    await batches.create({ id: 'b1', owner: OWNER, status: 'in_progress', facts: FACTS });
    const lines = Array.from({ length: 2_500 }, (_, index) => line('b1', index + 1));
    await journal.accept([...lines, work('1')]);
    expect(await journal.lanes()).toEqual(['["a","m",0]']);
    const taken = await journal.take('batch b1', 0, atMost(300));
    const settlements = taken.map(({ seq }, index) => settlement(seq, index % 3 === 0 ? 'failed' : 'completed'));
    await journal.settle(settlements);
    await journal.settle(settlements.slice(0, 50));
    expect(await batches.find('b1', 'a')).toMatchObject({ completed: 200, failed: 100, inputTokens: 900, outputTokens: 1_500 });
    const page = await journal.linesOf('b1', 299, 2);
    expect(page.map(({ batch, settled }) => [batch?.line, batch?.customId, settled !== undefined])).toEqual([
      [300, 'c300', true],
      [301, 'c301', false],
    ]);
    await journal.forgetLines('b1');
    expect(await journal.linesOf('b1', 0, 1)).toEqual([]);
    expect(await journal.find('1', undefined)).toBeDefined();
  });

  it('forgets single requests that were settled long ago', async () => {
    await journal.accept([work('1'), work('2')]);
    const [first] = await journal.take('["a","m",0]', 0, atMost(1));
    const { at } = settlement(0);
    await journal.settle([settlement(first?.seq ?? 0)]);
    await journal.forgetSettled(at);
    expect(await journal.find('1', undefined)).toBeDefined();
    await journal.forgetSettled(at + 1);
    expect(await journal.find('1', undefined)).toBeUndefined();
    expect(await journal.find('2', undefined)).toBeDefined();
  });

  it('moves a batch on from where it is, and only from there', async () => {
    await batches.create({ id: 'b1', owner: OWNER, status: 'validating', facts: FACTS });
    await batches.create({ id: 'b2', owner: { keyId: undefined, tenant: 'b', isAdmin: true }, status: 'validating', facts: FACTS });
    const facts = { ...FACTS, total: 3 };
    expect(await batches.move('b1', 'validating', 'completed', facts)).toBe(true);
    expect(await batches.move('b1', 'validating', 'failed', FACTS)).toBe(false);
    expect(await batches.find('b1', undefined)).toMatchObject({ owner: OWNER, status: 'completed', facts });
    expect((await batches.unfinished()).map(({ id, owner }) => [id, owner])).toEqual([
      ['b2', { keyId: undefined, tenant: 'b', isAdmin: true }],
    ]);
  });

  it('lists in pages, a tenant’s own only', async () => {
    for (const id of ['b1', 'b2', 'b3', 'b4']) {
      await batches.create({ id, owner: { ...OWNER, tenant: id === 'b2' ? 'b' : 'a' }, status: 'validating', facts: FACTS });
    }
    const ids = async (tenant: string | undefined, after: string | undefined, order: 'asc' | 'desc' = 'desc') =>
      (await batches.list({ tenant, after, limit: 2, order })).map(({ id }) => id);
    expect(await ids(undefined, undefined)).toEqual(['b4', 'b3']);
    expect(await ids(undefined, 'b3')).toEqual(['b2', 'b1']);
    expect(await ids('a', 'b3')).toEqual(['b1']);
    expect(await ids('a', 'b1', 'asc')).toEqual(['b3', 'b4']);
    expect(await ids('a', 'nothing')).toEqual([]);
  });

  it('keeps files in pieces, unseen until they are finished', async () => {
    await files.begin('f1', 'a', 10);
    await files.append('f1', 0, Buffer.from([0, 255]));
    await files.append('f1', 1, Buffer.from('é'));
    expect(await files.find('f1', undefined)).toBeUndefined();
    const file = { id: 'f1', tenant: 'a', filename: 'x.jsonl', purpose: 'batch', bytes: 4, createdAt: 10, expiresAt: 100 } as const;
    await files.finish(file);
    expect(await files.find('f1', 'a')).toEqual(file);
    expect(await files.find('f1', 'b')).toBeUndefined();
    const pieces: Uint8Array[] = [];
    for await (const piece of files.read('f1')) pieces.push(piece);
    expect(Buffer.concat(pieces)).toEqual(Buffer.concat([Buffer.from([0, 255]), Buffer.from('é')]));
    await files.begin('f2', 'a', 20);
    await files.append('f2', 0, Buffer.from('lost'));
    await files.begin('f2', 'a', 30);
    await files.finish({ ...file, id: 'f2', expiresAt: undefined, purpose: 'batch_output' });
    const page = { tenant: 'a', after: undefined, limit: 9, order: 'desc' } as const;
    expect((await files.list({ ...page, purpose: undefined })).map(({ id }) => id)).toEqual(['f2', 'f1']);
    expect((await files.list({ ...page, purpose: 'batch' })).map(({ id }) => id)).toEqual(['f1']);
    await files.begin('f3', 'a', 30);
    await files.removeOld(101, 31);
    expect((await files.list({ ...page, purpose: undefined })).map(({ id }) => id)).toEqual(['f2']);
    expect(await files.remove('f2')).toBe(true);
    expect(await files.remove('f2')).toBe(false);
  });

  it('takes in 50,000 lines and their outcomes in seconds', async () => {
    await batches.create({ id: 'big', owner: OWNER, status: 'in_progress', facts: FACTS });
    const began = performance.now();
    for (let from = 0; from < 50_000; from += 500)
      await journal.accept(Array.from({ length: 500 }, (_, index) => line('big', from + index + 1)));
    const accepted = performance.now();
    for (let after = 0; ; ) {
      const taken = await journal.take('batch big', after, atMost(200));
      if (taken.length === 0) break;
      after = taken.at(-1)?.seq ?? after;
      await journal.settle(taken.map(({ seq }) => settlement(seq)));
    }
    const settled = performance.now();
    console.log(`${kind}: accepted in ${Math.round(accepted - began)} ms, taken and settled in ${Math.round(settled - accepted)} ms`);
    expect(await batches.find('big', undefined)).toMatchObject({ completed: 50_000 });
    expect(accepted - began).toBeLessThan(30_000);
  }, 120_000);
});
