import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentLedger, type SentRecord, type WindowLimit } from '../../src/cli/batch/sent-ledger.ts';

const COUNTED_WITHIN_MS = 200;
const WINDOW_MS = 5000;
const LIMITS: readonly WindowLimit[] = [
  { model: 'm', type: 'rpm', limit: 500, windowMs: WINDOW_MS, countedWithinMs: COUNTED_WITHIN_MS },
  { model: 'm', type: 'tpm', limit: 40_000, windowMs: WINDOW_MS, countedWithinMs: COUNTED_WITHIN_MS },
];
const START = 1_700_000_000_000;

interface Sent {
  readonly at: number;
  readonly tokens: number;
}

/** A disk that keeps what the ledger writes, and a process that is killed at any moment. */
class Disk {
  content: readonly SentRecord[] = [];
  writes = 0;
}

function startLedger(disk: Disk): SentLedger {
  const ledger: SentLedger = new SentLedger(LIMITS, disk.content, () => {
    disk.writes += 1;
    // What stands on a disk is text.
    disk.content = JSON.parse(JSON.stringify(ledger.records())) as SentRecord[];
  });
  return ledger;
}

/** What the provider may still count against a window that begins at `from`, if it counts as late as it may. */
function sentSince(sent: readonly Sent[], from: number, amount: (one: Sent) => number): number {
  return sent.reduce((sum, one) => sum + (one.at + COUNTED_WITHIN_MS > from ? amount(one) : 0), 0);
}

const step = fc.record({
  gapMs: fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 0, max: 20 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 4000 }) }),
  tokens: fc.integer({ min: 1, max: 700 }),
  isKilled: fc.nat(60).map((n) => n === 0),
  clockStepMs: fc.nat(80).map((n) => (n === 0 ? -700 : 0)),
});

describe('the record of what was sent', () => {
  it('never says less than was sent, whenever the process is killed', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 400 }), fc.integer({ min: 0, max: WINDOW_MS }), (steps, pauseMs) => {
        const disk = new Disk();
        const sent: Sent[] = [];
        let now = START;
        let ledger = startLedger(disk);
        for (const { gapMs, tokens, isKilled, clockStepMs } of steps) {
          now += gapMs + clockStepMs;
          if (isKilled) ledger = startLedger(disk);
          ledger.record('m', { inputTokens: tokens, outputTokens: 0 }, now);
          sent.push({ at: now, tokens });
        }
        now += pauseMs;
        const usage = startLedger(disk).earlierUsage('m', now);
        for (const type of ['rpm', 'tpm'] as const) {
          const amount = (one: Sent): number => (type === 'rpm' ? 1 : one.tokens);
          // However the last window is cut: what counts after `from` covers what the provider may count after `from`.
          for (let from = now - WINDOW_MS; from < now; from += 125) {
            const said = usage.reduce((sum, one) => sum + (one.type === type && one.at > from ? one.amount : 0), 0);
            expect(said).toBeGreaterThanOrEqual(sentSince(sent, from, amount));
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('says little more than was sent', () => {
    const disk = new Disk();
    const ledger = startLedger(disk);
    for (let i = 0; i < 400; i++) ledger.record('m', { inputTokens: 90, outputTokens: 0 }, START + i * 10);
    const total = (type: string): number =>
      startLedger(disk)
        .earlierUsage('m', START + 4000)
        .reduce((sum, one) => sum + (one.type === type ? one.amount : 0), 0);
    expect(total('rpm')).toBeGreaterThanOrEqual(400);
    expect(total('rpm')).toBeLessThanOrEqual(400 * 1.02);
    expect(total('tpm')).toBeGreaterThanOrEqual(36_000);
    expect(total('tpm')).toBeLessThanOrEqual(36_000 * 1.02);
  });

  it('writes a few times per slot, however much is sent', () => {
    const steady = new Disk();
    const ledger = startLedger(steady);
    for (let i = 0; i < 500; i++) ledger.record('m', { inputTokens: 80, outputTokens: 0 }, START + i * 10);
    expect(steady.writes).toBeLessThan(400);
    const burst = new Disk();
    const other = startLedger(burst);
    for (let i = 0; i < 500; i++) other.record('m', { inputTokens: 80, outputTokens: 0 }, START + 1);
    expect(burst.writes).toBeLessThan(30);
  });

  it('forgets what no window holds any more, and keeps what an earlier process left until then', () => {
    const disk = new Disk();
    startLedger(disk).record('m', { inputTokens: 100, outputTokens: 0 }, START);
    const next = startLedger(disk);
    next.record('m', { inputTokens: 50, outputTokens: 0 }, START + 2000);
    expect(next.earlierUsage('m', START + 2000).length).toBeGreaterThan(2);
    next.record('m', { inputTokens: 50, outputTokens: 0 }, START + 2 * WINDOW_MS);
    expect(next.records().map(({ slots }) => slots.length)).toEqual([1, 1]);
    expect(startLedger(disk).earlierUsage('m', START + 4 * WINDOW_MS)).toEqual([]);
  });

  it('is exact once nothing more is sent', () => {
    const ledger = startLedger(new Disk());
    for (let i = 0; i < 7; i++) ledger.record('m', { inputTokens: 10, outputTokens: 0 }, START);
    ledger.correct('m', { inputTokens: 0, outputTokens: 5 }, START);
    expect(ledger.records(true).map(({ slots }) => slots.map(([, amount]) => amount))).toEqual([[7], [75]]);
  });

  it('lets nothing be sent that it could not write down', () => {
    const ledger = new SentLedger(LIMITS, [], () => {
      throw new Error('disk full');
    });
    expect(() => ledger.record('m', { inputTokens: 1, outputTokens: 0 }, START)).toThrow('disk full');
  });

  it('costs nothing for a model without window limits', () => {
    const ledger = new SentLedger([], [], () => {
      throw new Error('must not write');
    });
    ledger.record('m', { inputTokens: 1, outputTokens: 0 }, START);
    expect(ledger.earlierUsage('m', START)).toEqual([]);
  });
});
