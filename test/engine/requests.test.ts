import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { InvalidRequest, QueueRequest } from '../../src/index.ts';
import { bench, MODEL, thrownBy } from './harness.ts';

const START = 1_735_689_600_000;

describe('history', () => {
  it('remembers the last historySize requests, also when ids are used again', async () => {
    const { manager, submit, clock } = bench({}, () => 1, { historySize: 3 });
    const known = (...ids: string[]) => ids.map((id) => manager.getStatus(MODEL, id) !== null);
    for (const id of ['a', 'b', 'a', 'c']) {
      submit({ id });
      await clock.settle();
    }
    expect(known('a', 'b', 'c')).toEqual([true, true, true]);
    for (const id of ['d', 'e']) {
      submit({ id });
      await clock.settle();
    }
    expect(known('a', 'b', 'c', 'd', 'e')).toEqual([false, false, true, true, true]);
  });

  it('remembers for historyTtlMs, or nothing at all', async () => {
    const short = bench({}, () => 1, { historyTtlMs: 1_000 });
    const handle = short.submit();
    await handle.response;
    await short.clock.advance(1_000);
    expect(short.manager.getStatus(MODEL, handle.id)).not.toBeNull();
    await short.clock.advance(1);
    expect(short.manager.getStatus(MODEL, handle.id)).toBeNull();
    const none = bench({}, () => 1, { historySize: 0 });
    const other = none.submit();
    await other.response;
    expect(none.manager.getStatus(MODEL, other.id)).toBeNull();
  });
});

describe('QueueRequest', () => {
  it('is readable before it is submitted, and tells its status and tokens afterwards', async () => {
    const { manager } = bench({}, () => ({ usage: { prompt_tokens: 3, completion_tokens: 4 } }));
    const request = new QueueRequest({ modelId: MODEL, params: { text: 'x' } });
    expect(request).toMatchObject({ modelId: MODEL, status: 'pending', waitForCompletion: true, priority: 0 });
    expect(request.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(request.createdAt).toBeGreaterThan(START);
    const response = await manager.submitRequest(request);
    expect(response.requestId).toBe(request.id);
    expect(request).toMatchObject({ status: 'completed', actualInputTokens: 3, actualOutputTokens: 4 });
  });

  it('tells the error it failed with', async () => {
    const { manager } = bench({}, () => Promise.reject(new Error('why')));
    const request = new QueueRequest({ modelId: MODEL });
    await manager.submitRequest(request);
    expect(request).toMatchObject({ status: 'failed', error: 'why' });
  });
});

describe('schemas', () => {
  it('check and transform params at submit, and results', async () => {
    const { submit } = bench(
      {
        paramsSchema: z.object({ n: z.coerce.number() }),
        resultSchema: z.object({ doubled: z.number() }).transform(({ doubled }) => doubled),
      },
      (request) => ({ doubled: (request.params as { n: number }).n * 2 }),
    );
    expect(await submit({ params: { n: '21' } }).response).toMatchObject({ result: 42 });
    const error = thrownBy(() => submit({ id: 'wrong', params: { n: 'x' } }));
    expect(error).toBeInstanceOf(InvalidRequest);
    expect(error).toMatchObject({ path: 'params.n' });
    expect((error as Error).message).toContain("'wrong'");
  });

  it('that throw are the request’s own failure', () => {
    const paramsSchema = z.unknown().refine(() => {
      throw new Error('refinement');
    });
    const { submit, manager } = bench({ paramsSchema });
    expect(thrownBy(() => submit())).toBeInstanceOf(InvalidRequest);
    expect(manager.getQueueInfo(MODEL).queueSize).toBe(0);
  });
});
