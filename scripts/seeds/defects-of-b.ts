import type { SeedPart } from './seed-row.ts';

const TESTS = 'test/client/llm-queue-defects.test.ts';

export const defectsOfB: SeedPart = {
  title: 'B: defects',
  about: 'What was found by running B. Each is a regression test here.',
  inScope: () => true,
  rows: [
    {
      id: 'BD1',
      what: 'A missing user id crashed instead of being refused',
      shown: [[TESTS, 'B2-1: a missing user id is refused as what it is, and stored']],
    },
    {
      id: 'BD2',
      what: 'Answers of quick executors were lost',
      shown: [
        [TESTS, 'B2-2: executors that return at once are answered at once, and so is an unknown type'],
        [
          'test/invariants/settled-once.test.ts',
          'every submit settles exactly once, for every watcher alike, and nothing runs twice unless it is a retry',
        ],
      ],
    },
    {
      id: 'BD3',
      what: 'One unknown model stopped everything',
      shown: [[TESTS, 'B2-3: a request for an unknown model is one caller’s 400; everybody else goes on']],
    },
    {
      id: 'BD4',
      what: 'A timed-out request stayed and ran later',
      shown: [[TESTS, 'B2-4: whoever waits too long gets QueueTimeoutError and is really gone']],
    },
    {
      id: 'BD5',
      what: 'A waiting request ran on the model that another one had asked for',
      shown: [[TESTS, 'B2-5: a request runs on the model that it asked for, whoever waits before it']],
    },
    {
      id: 'BD6',
      what: 'A request that needs no model blocked everybody',
      shown: [[TESTS, 'B2-6: a request that needs no model runs at once and blocks nobody']],
    },
    {
      id: 'BD7',
      what: 'Shutting down an idle queue hung',
      shown: [[TESTS, 'B2-7: shutting down an idle queue takes no time']],
    },
    {
      id: 'BD8',
      what: 'Shutdown lost what was waiting and running',
      shown: [[TESTS, 'B2-8: shutdown finishes what waits and what runs']],
    },
    {
      id: 'BD9',
      what: 'A full second queue lost requests and stopped everything',
      shown: [
        [TESTS, 'B2-9: a full queue is the caller’s SchedulerQueueFullError, costs the user nothing, and stops nobody'],
        ['test/client/llm-queue-plugged.test.ts', 'whose wait queue is full refuses one caller; the others go on'],
      ],
    },
    {
      id: 'BD10',
      what: 'Ten requests a second at most; no rest after errors; wrong waits; failures without telemetry',
      shown: [
        [TESTS, 'B2-10: a thousand requests a second where the limits allow it'],
        [TESTS, 'B2-10: a single model that failed rests, and of two chosen ones exactly the one that failed'],
        [TESTS, 'B2-10: the wait that a limited user is told is exact'],
        [TESTS, 'B2-10: every kind of failure is stored'],
      ],
    },
  ],
};
