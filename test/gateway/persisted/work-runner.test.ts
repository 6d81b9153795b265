import { expect, it } from 'vitest';
import { silentLogger } from '../../../src/domain/logger.ts';
import type { RequestJournal, TakenAtMost } from '../../../src/domain/request-journal.ts';
import { OutcomeWriter } from '../../../src/gateway/persisted/outcome-writer.ts';
import { StatusHub } from '../../../src/gateway/persisted/status-hub.ts';
import { WorkRunner } from '../../../src/gateway/persisted/work-runner.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

it('reads no more of many batches together than it may hold', async () => {
  const clock = new VirtualClock({});
  const reads: TakenAtMost[] = [];
  const take: RequestJournal['take'] = async (_lane, _after, most) => {
    reads.push(most);
    return [];
  };
  const journal = { take } as RequestJournal;
  const writer = new OutcomeWriter({ journal, clock, logger: silentLogger });
  const calls = { run: () => Promise.reject(new Error('Nothing is there to run.')) };
  const limits = { characters: 1_000_000 };
  const runner = new WorkRunner({ journal, calls, writer, hub: new StatusHub(), clock, logger: silentLogger, limits });
  for (let lane = 0; lane < 100; lane++) runner.wake(`batch ${lane}`);
  await clock.settle();
  await runner.stop();
  expect(reads).toHaveLength(100);
  const held = reads.reduce((sum, { characters }) => sum + characters, 0);
  expect(held).toBeLessThanOrEqual(limits.characters);
});
