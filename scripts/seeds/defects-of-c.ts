import type { SeedPart } from './seed-row.ts';

export const defectsOfC: SeedPart = {
  title: 'C: defects',
  about: 'What was found by running C. Each is a regression test here.',
  inScope: () => true,
  rows: [
    {
      id: 'CD1',
      what: 'Retries never ran again',
      shown: [['test/client/llm-defects.test.ts', 'C2-1: retries really run again, and are counted']],
    },
    {
      id: 'CD2',
      what: 'A bucket gave back what was never taken',
      shown: [['test/client/llm-defects.test.ts', 'C2-2: calls that time out while they wait give nothing back that they never took']],
    },
    {
      id: 'CD3',
      what: "A limit's no was passed by",
      shown: [['test/client/llm-defects.test.ts', "C2-3: a limit's no is never passed by"]],
    },
    {
      id: 'CD4',
      what: 'A bucket started with more than the limit',
      shown: [['test/client/llm-defects.test.ts', 'C2-4: a minute never holds more than its limit, however many come at once']],
    },
    {
      id: 'CD5',
      what: 'Parallel calls failed instead of waiting',
      shown: [['test/client/llm-defects.test.ts', 'C2-5: 50 parallel prompts on 3 keys are all answered']],
    },
    {
      id: 'CD6',
      what: 'A closed pool grew again; a closed manager could not be replaced',
      shown: [
        ['test/client/llm-defects.test.ts', 'C2-6: a closed pool opens nothing any more, and a closed manager is followed by a new one'],
      ],
    },
  ],
};
