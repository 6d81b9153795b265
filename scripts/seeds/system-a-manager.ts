import type { SeedPart } from './seed-row.ts';

export const managerOfA: SeedPart = {
  title: 'A: manager and limits',
  about: 'A queue of LLM calls per model. All of it is promised now.',
  inScope: () => true,
  rows: [
    {
      id: 'A1',
      what: 'One manager for the whole process, generic in params and results, and a reset for tests',
      shown: [['test/engine/shutdown.test.ts', 'is one, and resetInstance settles every caller'], ['examples/typed-params.ts']],
      note: 'A reset also answers everybody who still waits; isolated managers exist beside it.',
    },
    {
      id: 'A2',
      what: 'Registering a model with its processor; registering it twice is an error',
      shown: [['test/engine/models.test.ts', 'twice throws; registerAllQueues skips what is there, also within itself']],
    },
    {
      id: 'A3',
      what: 'Registering several models at once, those that exist being skipped',
      shown: [['test/engine/models.test.ts', 'twice throws; registerAllQueues skips what is there, also within itself']],
      note: 'Says which were registered and which skipped.',
    },
    {
      id: 'A4',
      what: 'Adding a model while others work',
      shown: [['test/engine/models.test.ts', 'a model while others run'], ['examples/adding-a-model.ts']],
    },
    {
      id: 'A5',
      what: 'Submitting by model id, with an error of its own for an unknown model',
      shown: [['test/engine/outcomes.test.ts', 'an unknown model: names it and those there are']],
    },
    {
      id: 'A6',
      what: 'Fire and forget: pending at once, and the result to be asked for later',
      shown: [
        ['test/engine/outcomes.test.ts', 'fire and forget: pending at once, later completed with the result'],
        ['examples/fire-and-forget.ts'],
      ],
    },
    {
      id: 'A7',
      what: 'The status of a request, or null when it is unknown',
      shown: [
        ['test/engine/outcomes.test.ts', 'fire and forget: pending at once, later completed with the result'],
        ['test/engine/requests.test.ts', 'remembers the last historySize requests, also when ids are used again'],
      ],
    },
    {
      id: 'A8',
      what: 'A bounded history of settled requests per model',
      shown: [
        ['test/engine/requests.test.ts', 'remembers the last historySize requests, also when ids are used again'],
        ['test/engine/requests.test.ts', 'remembers for historyTtlMs, or nothing at all'],
      ],
      note: 'Its size and its age can be chosen.',
    },
    {
      id: 'A9',
      what: 'Information about one queue: size, usage, limit, mode, and every limiter',
      shown: [['test/engine/samples.test.ts', 'of the limiters form and of system A’s first form']],
    },
    {
      id: 'A10',
      what: 'Information about all queues',
      shown: [['test/engine/samples.test.ts', 'of the limiters form and of system A’s first form']],
    },
    {
      id: 'A11',
      what: 'The list of registered models, in order',
      shown: [['test/engine/outcomes.test.ts', 'an unknown model: names it and those there are']],
    },
    {
      id: 'A12',
      what: 'Correcting the tokens of a request to what was used',
      shown: [
        [
          'test/engine/token-usage.test.ts',
          'corrects a running and a finished request, is idempotent, and charges more than was estimated',
        ],
        ['test/engine/token-usage.test.ts', 'is false for an unknown request and throws for what is no usage'],
      ],
    },
    {
      id: 'A13',
      what: 'Shutdown that finishes what waits, after which nothing is taken',
      shown: [
        ['test/engine/shutdown.test.ts', 'gracefully finishes what waits and runs, all models at once, and is idempotent'],
        ['test/engine/outcomes.test.ts', 'forced shutdown, and the deadline of a shutdown'],
      ],
      note: 'All models at once, with a deadline and a force mode.',
    },
    {
      id: 'A14',
      what: "The first form of a model's configuration: one limit, a mode, a period",
      shown: [
        ['test/engine/samples.test.ts', 'of the limiters form and of system A’s first form'],
        ['test/engine/config-errors.test.ts', '%s: names the path, the value and what was expected'],
        ['examples/basic.ts'],
      ],
    },
    {
      id: 'A15',
      what: 'Two modes of the first form: per period and concurrent',
      shown: [
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-1: several requests of a model are in flight at once, as many as the concurrency allows',
        ],
        ['test/engine/independent-models.test.ts', 'a limit of type %s has a window of %d s by default, and counts what its name says'],
        ['examples/concurrent-against-per-period.ts'],
      ],
    },
    {
      id: 'A16',
      what: 'The second form: several limits; one of the forms is required',
      shown: [['test/engine/config-errors.test.ts', '%s: names the path, the value and what was expected'], ['examples/several-limits.ts']],
      note: 'Both at once are refused.',
    },
    {
      id: 'A17',
      what: "A limit's own period in seconds, and whole numbers > 0",
      shown: [
        ['test/engine/config-errors.test.ts', '%s: names the path, the value and what was expected'],
        ['test/engine/config-errors.test.ts', 'a fractional window'],
      ],
      note: 'A period on a concurrent limit is refused instead of ignored.',
    },
    {
      id: 'A18',
      what: 'Seven types of limits with their default windows and costs',
      shown: [
        ['test/engine/independent-models.test.ts', 'a limit of type %s has a window of %d s by default, and counts what its name says'],
        ['test/engine/token-usage.test.ts', 'reserves characters ÷ 4 and max_tokens, never nothing; what the caller states wins'],
      ],
      note: 'Without an estimate a request costs a guess, never nothing.',
    },
    {
      id: 'A19',
      what: 'A true sliding window',
      shown: [
        ['test/limits/sliding-window.test.ts', 'holds what a list looked through each time would hold'],
        ['test/limits/sliding-window.test.ts', 'a day of a million entries stays small and exact to a slot'],
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
      ],
      note: 'Bounded and O(1), on a monotonic clock.',
    },
    {
      id: 'A20',
      what: 'A limit on calls at once',
      shown: [
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-1: several requests of a model are in flight at once, as many as the concurrency allows',
        ],
      ],
    },
    {
      id: 'A21',
      what: 'Waiting for room',
      shown: [
        ['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken'],
        ['test/engine/samples.test.ts', 'tells when a window has room again'],
      ],
      note: 'Until the exact moment, by one timer; no polling.',
    },
    {
      id: 'A22',
      what: 'A limiter on its own: acquire, release, wait, usage, capacity',
      shown: [
        ['test/engine/rate-limiter.test.ts', 'a window: acquires, counts, waits for the exact moment, first in first out'],
        ['test/engine/rate-limiter.test.ts', 'concurrency: release serves whoever waits, also in parts'],
      ],
    },
    {
      id: 'A23',
      what: 'Several limits taken together',
      shown: [
        ['test/engine/seed-a-defects.test.ts', 'A2-6: who waits for one limit holds nothing of the others, and is stamped when it starts'],
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
      ],
      note: 'All or none, in one step.',
    },
  ],
};
