import type { SeedPart } from './seed-row.ts';

const TESTS = 'test/client/seed-overlap-and-streams.test.ts';

export const defectsOfD: SeedPart = {
  title: 'D: defects',
  about:
    'D is another package called llm-queue, one line in front of one local model. It is not replaced, but what was found by running it must not be here.',
  inScope: () => true,
  rows: [
    {
      id: 'DD1',
      what: 'A call that took too long went on beside the next one',
      shown: [
        [TESTS, 'D-1: a call that took too long is ended before another one starts: never two at once where one is allowed'],
        ['test/engine/outcomes.test.ts', 'an attempt that takes too long: its signal aborts, its slot is free, it is retried or fails'],
      ],
    },
    {
      id: 'DD2',
      what: 'Streams had no time limit',
      shown: [
        [TESTS, 'D-2: a stream that takes too long %s is ended, and its place is free'],
        ['test/providers/endpoint-streams.test.ts', 'with silence is given up after the first-token timeout, whatever comments come'],
      ],
    },
    {
      id: 'DD3',
      what: 'An error inside a stream looked like its end',
      shown: [
        [TESTS, 'D-3: %s inside a stream is an error, and no end like any other'],
        ['test/client/sdk.test.ts', 'hears of a stream that breaks, with the deployment'],
      ],
    },
  ],
};
