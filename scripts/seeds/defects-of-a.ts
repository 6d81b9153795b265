import type { SeedPart } from './seed-row.ts';

export const defectsOfA: SeedPart = {
  title: 'A: defects',
  about: 'What was found by running A. Each is a regression test here.',
  inScope: () => true,
  rows: [
    { id: 'AD1', what: 'One request in flight per model, whatever the concurrency' },
    { id: 'AD2', what: 'Tokens used beyond the estimate were dropped' },
    { id: 'AD3', what: 'Usage reported twice was booked twice' },
    { id: 'AD4', what: 'A refund outlived the charge it corrected, and let too much in' },
    { id: 'AD5', what: 'A request larger than the limit blocked everything, and shutdown' },
    { id: 'AD6', what: 'Limits taken one after the other: places held while waiting, stamps too early' },
    { id: 'AD7', what: 'A caller who left did not cancel its request' },
    { id: 'AD8', what: 'A processor that threw a cancellation killed the worker' },
    { id: 'AD9', what: 'A submit after shutdown never settled' },
    { id: 'AD10', what: 'The status of a completed request had no result' },
  ],
};
