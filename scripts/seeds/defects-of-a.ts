import type { SeedPart } from './seed-row.ts';

export const defectsOfA: SeedPart = {
  title: 'A: defects',
  about: 'What was found by running A. Each is a regression test here.',
  inScope: () => true,
  rows: [
    { id: 'AD1', what: 'One request in flight per model, whatever the concurrency' },
    {
      id: 'AD2',
      what: 'Tokens used beyond the estimate were dropped',
      shown: [
        [
          'test/engine/token-usage.test.ts',
          'corrects a running and a finished request, is idempotent, and charges more than was estimated',
        ],
      ],
    },
    {
      id: 'AD3',
      what: 'Usage reported twice was booked twice',
      shown: [
        [
          'test/engine/token-usage.test.ts',
          'corrects a running and a finished request, is idempotent, and charges more than was estimated',
        ],
      ],
    },
    { id: 'AD4', what: 'A refund outlived the charge it corrected, and let too much in' },
    {
      id: 'AD5',
      what: 'A request larger than the limit blocked everything, and shutdown',
      shown: [['test/engine/outcomes.test.ts', 'a request that can never fit: at once, naming limit, cost and size']],
    },
    { id: 'AD6', what: 'Limits taken one after the other: places held while waiting, stamps too early' },
    {
      id: 'AD7',
      what: 'A caller who left did not cancel its request',
      shown: [['test/engine/outcomes.test.ts', 'cancelled by cancel(), pending and processing, and by a signal']],
    },
    {
      id: 'AD8',
      what: 'A processor that threw a cancellation killed the worker',
      shown: [['test/engine/bad-processors.test.ts', '%s fails its request only; slot and queue are free']],
    },
    {
      id: 'AD9',
      what: 'A submit after shutdown never settled',
      shown: [['test/engine/outcomes.test.ts', 'after shutdown, and while it shuts down']],
    },
    {
      id: 'AD10',
      what: 'The status of a completed request had no result',
      shown: [['test/engine/outcomes.test.ts', 'fire and forget: pending at once, later completed with the result']],
    },
  ],
};
