import type { SeedPart } from './seed-row.ts';

export const defectsOfA: SeedPart = {
  title: 'A: defects',
  about: 'What was found by running A. Each is a regression test here.',
  inScope: () => true,
  rows: [
    {
      id: 'AD1',
      what: 'One request in flight per model, whatever the concurrency',
      shown: [
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-1: several requests of a model are in flight at once, as many as the concurrency allows',
        ],
      ],
    },
    {
      id: 'AD2',
      what: 'Tokens used beyond the estimate were dropped',
      shown: [['test/engine/seed-a-defects.test.ts', 'A2-2: usage above the estimate is recorded even where it does not fit']],
    },
    {
      id: 'AD3',
      what: 'Usage reported twice was booked twice',
      shown: [['test/engine/seed-a-defects.test.ts', 'A2-3: reporting the same usage twice changes nothing']],
    },
    {
      id: 'AD4',
      what: 'A refund outlived the charge it corrected, and let too much in',
      shown: [
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-4: a refund corrects the charge at its own place in time: usage never falls below what was used',
        ],
      ],
    },
    {
      id: 'AD5',
      what: 'A request larger than the limit blocked everything, and shutdown',
      shown: [
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-5: a request larger than a limit fails at once; what is behind it runs, and shutdown ends',
        ],
      ],
    },
    {
      id: 'AD6',
      what: 'Limits taken one after the other: places held while waiting, stamps too early',
      shown: [
        ['test/engine/seed-a-defects.test.ts', 'A2-6: who waits for one limit holds nothing of the others, and is stamped when it starts'],
      ],
    },
    {
      id: 'AD7',
      what: 'A caller who left did not cancel its request',
      shown: [
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-7: a caller that stops waiting takes its request along: it consumes no limit and never runs',
        ],
      ],
    },
    {
      id: 'AD8',
      what: 'A processor that threw a cancellation killed the worker',
      shown: [['test/engine/seed-a-defects.test.ts', 'A2-8: a processor that raises a cancellation fails its request; the queue goes on']],
    },
    {
      id: 'AD9',
      what: 'A submit after shutdown never settled',
      shown: [['test/engine/seed-a-defects.test.ts', 'A2-9: a submit after shutdown is answered']],
    },
    {
      id: 'AD10',
      what: 'The status of a completed request had no result',
      shown: [['test/engine/seed-a-defects.test.ts', 'A2-10: getStatus of a completed request has the result']],
    },
  ],
};
