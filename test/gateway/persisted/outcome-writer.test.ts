import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import type { RequestJournal, Settlement } from '../../../src/domain/request-journal.ts';
import { OutcomeWriter } from '../../../src/gateway/persisted/outcome-writer.ts';
import { VirtualClock } from '../../../src/testing/index.ts';
import { quiet } from './work-app.ts';

const settlement = (seq: number): Settlement => ({ seq, at: 0, outcome: { modelId: 'm', attempts: 1, status: 'completed' }, answer: '{}' });

/** A journal that takes outcomes while it is up. */
class SettlingJournal {
  isUp = true;
  readonly groups: number[][] = [];
  tries = 0;

  async settle(settlements: readonly Settlement[]): Promise<ReadonlySet<number>> {
    this.tries += 1;
    if (!this.isUp) throw new Error('down');
    this.groups.push(settlements.map(({ seq }) => seq));
    return new Set(settlements.map(({ seq }) => seq).filter((seq) => seq !== 13));
  }
}

function start(): { clock: VirtualClock; journal: SettlingJournal; writer: OutcomeWriter } {
  const clock = new VirtualClock();
  const journal = new SettlingJournal();
  return {
    clock,
    journal,
    writer: new OutcomeWriter({ clock, logger: silentLogger, journal: journal as Partial<RequestJournal> as RequestJournal }),
  };
}

it('writes what comes at about the same time together, and says of each whether it is the first', async () => {
  const { clock, journal, writer } = start();
  const written = [12, 13, 14].map((seq) => writer.write(settlement(seq)));
  await clock.advance(5);
  written.push(writer.write(settlement(15)));
  expect(journal.groups).toEqual([]);
  await clock.advance(5);
  expect(await Promise.all(written)).toEqual([true, false, true, true]);
  expect(journal.groups).toEqual([[12, 13, 14, 15]]);
});

it('waits for nobody once there are many', async () => {
  const { clock, journal, writer } = start();
  const written = Array.from({ length: 450 }, (_, seq) => writer.write(settlement(seq)));
  await quiet(clock);
  expect(journal.groups.map(({ length }) => length)).toEqual([200, 200]);
  await clock.advance(10);
  await Promise.all(written);
  expect(journal.groups.flat()).toEqual(Array.from({ length: 450 }, (_, seq) => seq));
});

it('keeps what cannot be written and tries again, at most every five seconds, until it can', async () => {
  const { clock, journal, writer } = start();
  journal.isUp = false;
  const written = writer.write(settlement(1));
  await clock.advance(60_000);
  expect(journal.tries).toBeGreaterThan(10);
  expect(journal.tries).toBeLessThan(20);
  journal.isUp = true;
  await clock.advance(5000);
  expect(await written).toBe(true);
});

it('gives up when it is told to, so that a shutdown ends', async () => {
  const { clock, journal, writer } = start();
  journal.isUp = false;
  const written = writer.write(settlement(1));
  await clock.advance(1000);
  writer.giveUp();
  await quiet(clock);
  expect(await written).toBe(false);
  expect(clock.pendingTimers).toBe(0);
});
