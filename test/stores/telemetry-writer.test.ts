import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { harmless } from '../../src/domain/logger.ts';
import { type TelemetryRecord, type TelemetrySink, telemetryRecord } from '../../src/domain/telemetry.ts';
import { TelemetryWriter, type TelemetryWriterOptions } from '../../src/stores/telemetry-writer.ts';
import { VirtualClock } from '../../src/testing/index.ts';
import { FlakySink } from './flaky-sink.ts';

const ROOMY = { records: 1_000_000, bytes: 1_000_000_000 };

const record = (n: number, known: Partial<TelemetryRecord> = {}): TelemetryRecord =>
  telemetryRecord({ reqId: `r${n}`, reqType: 'chat', requestReceivedAt: n, ...known });

const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => `r${from + n}`);

function bench<S extends TelemetrySink>(sink: S, options: Partial<TelemetryWriterOptions> = {}) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const say = (_: object, message = ''): void => void said.push(message);
  const logger = harmless({ debug: say, info: say, warn: say, error: say });
  const writer = new TelemetryWriter({ sink, clock, logger, ...options });
  let written = 0;
  const write = (count: number): void => {
    for (let n = 0; n < count; n++) writer.write(record(written++));
  };
  return { clock, said, writer, write, sink };
}

/** Lets batches that follow each other at once be written: each gives way to everything else. */
async function settle(clock: VirtualClock, ms = 0): Promise<void> {
  await clock.advance(ms);
  for (let turn = 0; turn < 20; turn++) await clock.settle();
}

describe('telemetry', () => {
  it('is gathered for a moment and then written in batches, in order', async () => {
    const { clock, write, sink } = bench(new FlakySink());
    write(300);
    await settle(clock, 50);
    expect(sink.ids).toEqual([]);
    await settle(clock, 50);

    expect(sink.ids).toEqual(names(0, 300));
    expect(sink.batches).toEqual([64, 64, 64, 64, 44]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('connects its sink once, when the first record comes if nobody did before', async () => {
    const { clock, write, sink, writer } = bench(new FlakySink());
    await writer.connect();
    write(1);
    await settle(clock, 100);
    write(1);
    await settle(clock, 100);

    expect(sink.log).toEqual(['connect', 'insert', 'insert']);
  });

  it('gives a sink that can’t take batches one record at a time, and tells each of them once', async () => {
    const told: string[] = [];
    const one: TelemetrySink = {
      connect: () => {},
      disconnect: () => {},
      insertTelemetryData: ({ reqId }) => {
        told.push(reqId);
        if (reqId === 'r1') throw new Error('disk full');
      },
    };
    const { write, writer } = bench(one);
    write(3);
    await writer.close();

    expect(told).toEqual(names(0, 3));
    expect(writer.lost).toBe(1);
  });
});

describe('a sink that is down', () => {
  it('gets everything once it is back, and is told of once', async () => {
    const { clock, write, sink, writer, said } = bench(new FlakySink());
    sink.down = 'before';
    write(200);
    await settle(clock, 30_000);
    write(100);
    await settle(clock, 30_000);
    expect(sink.ids).toEqual([]);
    sink.down = 'no';
    await settle(clock, 10_000);

    expect(sink.ids).toEqual(names(0, 300));
    expect(writer.lost).toBe(0);
    expect(said).toEqual(['the telemetry sink failed; records wait for it', 'the telemetry sink takes records again']);
  });

  it('is asked less and less often, and at least every ten seconds', async () => {
    const { clock, write, sink } = bench(new FlakySink());
    sink.down = 'before';
    write(1);
    await settle(clock, 100);
    const tries: number[] = [];
    for (let second = 0; second < 60; second++) {
      const before = sink.log.length;
      await clock.advance(1_000);
      tries.push(sink.log.length - before);
    }

    expect(tries[0]).toBe(2);
    expect(tries.slice(30).reduce((sum, count) => sum + count)).toBe(3);
  });

  it('has each record once, though a connection broke after it was written', async () => {
    const { clock, write, sink, writer } = bench(new FlakySink());
    sink.down = 'after';
    write(10);
    await settle(clock, 2_000);
    sink.down = 'no';
    await settle(clock, 2_000);
    await writer.close();

    expect(sink.ids).toEqual(names(0, 10));
  });

  it('costs what is beyond the buffer: counted, and told once for each outage', async () => {
    const { clock, write, sink, writer, said } = bench(new FlakySink(), { buffer: { records: 100, bytes: 1_000_000 } });
    for (const outage of [1, 2]) {
      sink.down = 'before';
      write(150);
      await settle(clock, 1_000);
      expect(writer.waiting).toBe(100);
      expect(writer.lost).toBe(50 * outage);
      sink.down = 'no';
      await settle(clock, 2_000);
    }

    expect(sink.ids).toEqual([...names(0, 100), ...names(150, 250)]);
    expect(said.filter((message) => message.includes('are lost'))).toHaveLength(2);
  });

  it('has its buffer bounded in bytes too', async () => {
    const { writer } = bench(new FlakySink(), { buffer: { records: 1_000, bytes: 1_000_000 } });
    for (let n = 0; n < 20; n++) writer.write(record(n, { reqPayload: 'x'.repeat(100_000) }));

    expect(writer.waiting).toBe(9);
    expect(writer.lost).toBe(11);
  });
});

describe('closing', () => {
  it('writes what waits before it disconnects, without waiting for more', async () => {
    const { write, sink, writer } = bench(new FlakySink());
    write(1_000);
    await writer.close();

    expect(sink.ids).toEqual(names(0, 1_000));
    expect(sink.log.at(-1)).toBe('disconnect');
  });

  it('waits for a sink that comes back in time', async () => {
    const { clock, write, sink, writer } = bench(new FlakySink());
    sink.down = 'before';
    write(5);
    await settle(clock, 60_000);
    const closed = writer.close(10_000);
    await clock.advance(4_000);
    sink.down = 'no';
    await settle(clock, 1_000);
    await closed;

    expect(sink.ids).toEqual(names(0, 5));
  });

  it.each([
    ['is down', (sink: FlakySink) => Object.assign(sink, { down: 'before' })],
    ['never answers', (sink: FlakySink) => Object.assign(sink, { insertTelemetryBatch: () => new Promise(() => {}) })],
  ])('ends at its deadline where the sink %s, and counts what is left', async (_, breaks) => {
    const { clock, write, writer, sink } = bench(new FlakySink());
    breaks(sink);
    write(7);
    await settle(clock, 100);
    let isClosed = false;
    const closed = writer.close(5_000).then(() => {
      isClosed = true;
    });
    await clock.advance(4_999);
    expect(isClosed).toBe(false);
    await settle(clock, 1);
    await closed;

    expect(writer.lost).toBe(7);
    expect(clock.pendingTimers).toBe(0);
    writer.write(record(8));
    expect(writer.lost).toBe(8);
  });
});

it('nothing is lost and nothing is stored twice, whatever the sink does and whenever', async () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), count: fc.integer({ min: 1, max: 200 }) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({ kind: fc.constant('sink' as const), down: fc.constantFrom('no' as const, 'before' as const, 'after' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
      const { clock, write, sink, writer } = bench(new FlakySink(), { buffer: ROOMY });
      let written = 0;
      for (const one of actions) {
        if (one.kind === 'write') write(one.count);
        if (one.kind === 'write') written += one.count;
        if (one.kind === 'wait') await clock.advance(one.ms);
        if (one.kind === 'sink') sink.down = one.down;
      }
      sink.down = 'no';
      const closed = writer.close(60_000);
      await settle(clock, 2_000);
      await closed;

      expect(sink.ids).toEqual(names(0, written));
      expect(writer.lost).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    }),
    { numRuns: 300 },
  );
});
