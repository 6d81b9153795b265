import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { EngineStopped } from '../../src/domain/errors.ts';
import { LLMError, UserRateLimitExceededError } from '../../src/domain/llm-queue-errors.ts';
import type { TelemetrySink } from '../../src/domain/telemetry.ts';
import type { UserLimitStore } from '../../src/domain/user-limit-store.ts';
import { CSVTelemetryDataStore } from '../../src/stores/csv-telemetry-store.ts';
import { DatabaseTelemetryAdapter } from '../../src/stores/sql/database-telemetry-adapter.ts';
import { FlakySink } from '../stores/flaky-sink.ts';
import { BOTH, bench, config, EMBEDDING, embedding, LLM, model, Rows } from './llm-queue-bench.ts';

const START = 1_735_689_600_000;

describe('a record of telemetry', () => {
  it('tells each moment in milliseconds, what was chosen, and the tokens that the executor wrote', async () => {
    const { send, clock, calls, rows, queue } = bench(config([model('gpt', { req_per_min: 1 }), embedding('ada')]));
    send(BOTH);
    await clock.advance(5);
    Object.assign(calls[0]?.record ?? {}, { promptTokens: 12, completionTokens: 34, embeddingTokens: 56 });
    await clock.advance(250.25);
    calls[0]?.resolve('ok');
    await clock.advance(0);
    const second = send();
    await clock.advance(30_000);
    await queue.gracefulShutdown({ force: true });

    expect(second.error).toBeInstanceOf(EngineStopped);
    const [first, other] = rows.all;
    expect(first).toEqual({
      userId: 'ann',
      reqId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      reqPayload: '[redacted]',
      reqType: 'chat',
      deploymentName: 'ada;gpt',
      requestReceivedAt: START,
      requestQueuedAt: START,
      requestDequeuedAt: START,
      responseQueuedAt: START + 255.25,
      responseDequeuedAt: START + 255.25,
      promptTokens: 12,
      completionTokens: 34,
      embeddingTokens: 56,
      errorMessage: 'NO ERROR',
    });
    expect(other).toMatchObject({
      deploymentName: 'DEFAULT DEPLOYMENT NAME',
      requestDequeuedAt: -1,
      responseDequeuedAt: -1,
      promptTokens: -1,
    });
    expect(other?.errorMessage).toContain('was shut down');
  });

  it('holds the payload only where that is turned on, and survives one that is no JSON', async () => {
    const { send, queue, rows, clock } = bench(config([model('gpt', { req_per_min: 600 })]), { telemetryPayload: true });
    send(LLM, { reqType: 'quick', requestData: { secret: 'x' } });
    send(LLM, { reqType: 'quick', requestData: 7n });
    send(LLM, { reqType: 'quick', requestData: undefined });
    await clock.advance(1_000);
    await queue.gracefulShutdown();

    expect(rows.all.map(({ reqPayload }) => reqPayload)).toEqual(['{"secret":"x"}', expect.stringContaining('[not JSON: '), 'undefined']);
  });

  it('is as it was when the request ended, whatever an executor writes into it later', async () => {
    const { send, clock, calls, queue, rows } = bench(config([model('gpt')]));
    send();
    await clock.advance(0);
    calls[0]?.resolve('ok');
    await clock.advance(0);
    Object.assign(calls[0]?.record ?? {}, { errorMessage: 'too late' });
    await queue.gracefulShutdown();

    expect(rows.all.map(({ errorMessage }) => errorMessage)).toEqual(['NO ERROR']);
  });

  it('survives an executor that writes nonsense into it', async () => {
    const nonsense = {
      processRequest: (_: unknown, __: unknown, record: object) => {
        Object.assign(record, { promptTokens: 'many', completionTokens: Number.NaN, embeddingTokens: null });
        return 'ok';
      },
    };
    const { send, clock, queue, rows } = bench(config([model('gpt'), embedding('ada')]), { requestExecutors: { nonsense } });
    const sent = [LLM, EMBEDDING, BOTH].map((wanted) => send(wanted, { reqType: 'nonsense' }));
    await clock.advance(5_000);
    await queue.gracefulShutdown();

    expect(sent.map(({ answer }) => answer?.response)).toEqual(['ok', 'ok', 'ok']);
    expect(rows.all).toHaveLength(3);
  });
});

describe('a telemetry store', () => {
  it('that fails breaks no request; each lost record is logged and counted', async () => {
    const errors: object[] = [];
    const ignore = (): void => {};
    const logger = { debug: ignore, info: ignore, warn: ignore, error: (fields: object) => errors.push(fields) };
    const broken: TelemetrySink = {
      connect: ignore,
      disconnect: () => Promise.reject(new Error('still broken')),
      insertTelemetryData: ({ userId }) => {
        if (userId === 'bob') throw new Error('disk full');
        return Promise.reject(new Error('disk full'));
      },
    };
    const { send, clock, queue } = bench(config([model('gpt')]), { telemetryStoreAdapter: broken, logger });
    const sent = [send(LLM, { reqType: 'quick' }), send(LLM, { reqType: 'quick', userId: 'bob' })];
    await clock.advance(2_000);
    await queue.gracefulShutdown();

    expect(sent.map(({ answer }) => answer?.statusCode)).toEqual([200, 200]);
    expect(queue.telemetryFailures).toBe(2);
    expect(errors).toHaveLength(3);
  });

  it('that throws at once gets every record all the same', async () => {
    const inserted: string[] = [];
    const broken: TelemetrySink = {
      connect: () => {},
      disconnect: () => {},
      insertTelemetryData: ({ userId }) => {
        inserted.push(userId);
        throw new Error('disk full');
      },
    };
    const { send, clock, queue } = bench(config([model('gpt')]), { telemetryStoreAdapter: broken });
    for (const userId of ['ann', 'bob', 'eve']) {
      send(LLM, { reqType: 'quick', userId });
      await clock.advance(2_000);
    }
    await queue.gracefulShutdown();

    expect(inserted).toEqual(['ann', 'bob', 'eve']);
    expect(queue.telemetryFailures).toBe(3);
  });

  it('that is slow gets every record, in order, before it is disconnected', async () => {
    const rows = new Rows();
    const { send, clock, queue } = bench(config([model('gpt', { req_per_min: 6000 })]), {
      telemetryStoreAdapter: {
        connect: () => rows.connect(),
        disconnect: () => rows.disconnect(),
        insertTelemetryData: (record) =>
          new Promise((resolve) => {
            clock.setTimeout(() => {
              rows.insertTelemetryData(record);
              resolve();
            }, 100);
          }),
      },
    });
    for (let n = 0; n < 20; n++) send(LLM, { reqType: 'quick', userId: `user ${n}` });
    await clock.advance(500);
    const done = queue.gracefulShutdown();
    await clock.advance(10_000);
    await done;

    expect(rows.all.map(({ userId }) => userId)).toEqual(Array.from({ length: 20 }, (_, n) => `user ${n}`));
    expect(rows.log.at(-1)).toBe('disconnect');
  });

  it('may be a CSV file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-queue-'));
    const path = join(folder, 'telemetry.csv');
    const { send, clock, queue } = bench(config([model('gpt')]), { telemetryStoreAdapter: new CSVTelemetryDataStore(path) });
    await queue.initiate();
    send(LLM, { reqType: 'quick' });
    send(LLM, { reqType: '=sing()' });
    await clock.advance(0);
    await queue.gracefulShutdown();
    const lines = (await readFile(path, 'utf8')).split('\r\n');
    await rm(folder, { recursive: true });

    expect(lines).toHaveLength(4);
    expect(lines.find((line) => line.includes('sing'))).toMatch(
      /^ann,[0-9a-f-]{36},\[redacted\],'=sing\(\),DEFAULT DEPLOYMENT NAME,.*,Invalid request type$/,
    );
  });
});

describe('a telemetry database', () => {
  it('has a row for each request; what only the gateway knows is null', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-queue-'));
    const connectionString = join(folder, 'telemetry.db');
    const { send, clock, calls, queue } = bench(config([model('gpt')]), {
      telemetryStoreAdapter: new DatabaseTelemetryAdapter({ connectionString }),
    });
    await queue.initiate();
    send();
    await clock.advance(0);
    Object.assign(calls[0]?.record ?? {}, { promptTokens: 12, completionTokens: 'nonsense' });
    calls[0]?.resolve('ok');
    send(LLM, { reqType: 'unknown', userId: 'bob' });
    await clock.advance(0);
    await queue.gracefulShutdown();
    const database = new DatabaseSync(connectionString);
    const rows = database.prepare('select * from headgate_telemetry order by record_id').all();
    database.close();
    await rm(folder, { recursive: true });

    expect(rows).toHaveLength(2);
    expect(rows.find(({ user_id }) => user_id === 'ann')).toMatchObject({
      deployment_name: 'gpt',
      prompt_tokens: 12,
      completion_tokens: null,
      request_received_at: START,
      error_message: 'NO ERROR',
      tenant: null,
      cost: null,
    });
    expect(rows.find(({ user_id }) => user_id === 'bob')).toMatchObject({ error_message: 'Invalid request type' });
    expect(queue.telemetryFailures).toBe(0);
  });

  it('that is down fails no request once it is connected, and loses no record that fits', async () => {
    const sink = new FlakySink();
    const { send, clock, queue } = bench(config([model('gpt')]), { telemetryStoreAdapter: sink });
    await queue.initiate();
    sink.down = 'before';
    const sent = [send(LLM, { reqType: 'quick' }), send(LLM, { reqType: 'quick' })];
    await clock.advance(20_000);
    expect(sent.map(({ answer }) => answer?.statusCode)).toEqual([200, 200]);
    sink.down = 'no';
    await queue.gracefulShutdown();

    expect(sink.ids).toHaveLength(2);
    expect(queue.telemetryFailures).toBe(0);
  });
});

describe('a store of user limits', () => {
  it('is connected before the first request, and asked with the limits of the configuration, or 40 per 60 s', async () => {
    const log: unknown[] = [];
    const store: UserLimitStore = {
      connect: () => void log.push('connect'),
      disconnect: () => void log.push('disconnect'),
      checkAndAddRequest: async (...args) => {
        log.push(args);
        return log.length < 3 ? { allowed: true } : { allowed: false, remaining: 12.5 };
      },
    };
    const { send, clock, queue } = bench(config([model('gpt')]), { userRateLimitsStoreAdapter: store });
    const first = send(LLM, { reqType: 'quick' });
    await clock.advance(1_500);
    const second = send(LLM, { reqType: 'quick' });
    await clock.advance(0);
    await queue.gracefulShutdown();

    expect(log).toEqual(['connect', ['ann', 40, START, 60], ['ann', 40, START + 1_500, 60], 'disconnect']);
    expect(first.answer?.statusCode).toBe(200);
    expect(second.error).toBeInstanceOf(UserRateLimitExceededError);
    expect(second.error).toMatchObject({ retryAfterSeconds: 12.5, code: 'user_rate_limit_exceeded' });
  });

  it('counts by a clock that does not jump', async () => {
    const limits = { user_limits: { max_num_requests_in_time_window: 1, time_window_length_in_seconds: 60 } };
    const { send, clock } = bench(config([model('gpt', { req_per_min: 600 })], limits));
    send(LLM, { reqType: 'quick' });
    await clock.advance(30_000);
    clock.jumpWall(3_600_000);
    const early = send(LLM, { reqType: 'quick' });
    await clock.advance(0);
    clock.jumpWall(-7_200_000);
    await clock.advance(30_000);
    const after = send(LLM, { reqType: 'quick' });
    await clock.advance(0);

    expect(early.error).toMatchObject({ retryAfterSeconds: 30 });
    expect(after.answer?.statusCode).toBe(200);
  });

  it('that fails lets nobody through, and says so', async () => {
    const ignore = (): void => {};
    const store = { connect: ignore, disconnect: ignore, checkAndAddRequest: () => Promise.reject(new Error('no connection')) };
    const { send, clock, calls, queue } = bench(config([model('gpt')]), { userRateLimitsStoreAdapter: store });
    const sent = send();
    await clock.advance(0);

    expect(sent.answer).toEqual({ response: 'INTERNAL SERVER ERROR: no connection', statusCode: 500 });
    expect(calls).toHaveLength(0);
    expect(queue.queueSize).toBe(0);
  });
});

describe('stores that cannot be connected', () => {
  it('fail initiate() and the request that needed it, which is told apart from an executor’s error; later it may work', async () => {
    let attempts = 0;
    const rows = new Rows();
    const sink: TelemetrySink = {
      connect: () => {
        if (++attempts === 1) throw new Error('not yet');
      },
      disconnect: () => rows.disconnect(),
      insertTelemetryData: (record) => rows.insertTelemetryData(record),
    };
    const { send, queue, clock } = bench(config([model('gpt')]), { telemetryStoreAdapter: sink });
    await expect(queue.initiate()).rejects.toThrow('not yet');
    await queue.initiate();
    const sent = send(LLM, { reqType: 'quick' });
    await clock.advance(0);

    expect(sent.answer?.statusCode).toBe(200);
    expect(attempts).toBe(2);
  });
});

it.each([
  ['an error of its own', (text: string) => new Error(text), 'INTERNAL SERVER ERROR'],
  ['one of a call to a model', (text: string) => new LLMError(text), 'LLM ERROR'],
])('no key of the configuration is in an answer or a record, though an executor quotes it: %s', async (_, failing, kind) => {
  const models = {
    m: { deployments: [{ provider: 'openai', apiKey: 'sk-secret-0123456789', headers: { 'x-api-token': 'token-0123456789' } }] },
  };
  const { send, calls, clock, rows, queue } = bench({ models });
  const sent = send();
  await clock.advance(0);

  calls[0]?.reject(failing('401 for Bearer sk-secret-0123456789 and token-0123456789'));
  await clock.advance(0);
  await queue.gracefulShutdown();

  expect(sent.answer).toEqual({ response: `${kind}: 401 for Bearer [key] and [key]`, statusCode: 500 });
  expect(rows.all[0]?.errorMessage).toContain('401 for Bearer [key]');
  expect(JSON.stringify(rows.all)).not.toMatch(/0123456789/);
});
