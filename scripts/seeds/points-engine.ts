import type { SeedPart } from './seed-row.ts';

export const pointsOfTheEngine: SeedPart = {
  title: 'E1 to E29: data, manager, limits, scheduling',
  about: 'The engine. All of it is promised now.',
  inScope: () => true,
  rows: [
    {
      id: 'E1',
      what: 'Four statuses; the reason of a failure in a field of its own',
      shown: [
        ['test/engine/status-stream.test.ts', 'success: pending, processing, completed, with phase, attempt and time; then it completes'],
        ['test/engine/outcomes.test.ts', 'forced shutdown, and the deadline of a shutdown'],
      ],
    },
    {
      id: 'E2',
      what: 'The request and its fields; one with only a model id, or only metadata, is valid',
      shown: [
        ['test/engine/requests.test.ts', 'is readable before it is submitted, and tells its status and tokens afterwards'],
        ['test/engine/outcomes.test.ts', 'a request with only a model, or only metadata, is valid'],
      ],
    },
    {
      id: 'E3',
      what: 'The response and its fields, with time in queue, attempts and cause',
      shown: [
        ['test/engine/outcomes.test.ts', 'has every documented field'],
        ['test/engine/outcomes.test.ts', 'the processor threw and no attempt is left: cause is what was thrown'],
        ['test/engine/deployments.test.ts', 'uses the limits of both, and says where a request was answered'],
      ],
    },
    {
      id: 'E4',
      what: 'Generic types, and schemas per model',
      shown: [['test/engine/requests.test.ts', 'check and transform params at submit, and results']],
    },
    {
      id: 'E5',
      what: 'A second live request with the same id is refused',
      shown: [['test/engine/outcomes.test.ts', 'an id that is live; it may be used again once that one has settled']],
    },
    {
      id: 'E6',
      what: "The manager's methods, one per process or isolated; a reset settles everybody",
      shown: [
        ['test/engine/shutdown.test.ts', 'is one, and resetInstance settles every caller'],
        ['test/engine/shutdown.test.ts', 'gracefully finishes what waits and runs, all models at once, and is idempotent'],
      ],
    },
    {
      id: 'E7',
      what: 'Registering twice throws; registering several reports what was skipped',
      shown: [['test/engine/models.test.ts', 'twice throws; registerAllQueues skips what is there, also within itself']],
    },
    {
      id: 'E8',
      what: 'Unknown model: an error; unknown request: null or false',
      shown: [
        ['test/engine/outcomes.test.ts', 'an unknown model: names it and those there are'],
        ['test/engine/token-usage.test.ts', 'is false for an unknown request and throws for what is no usage'],
      ],
    },
    {
      id: 'E9',
      what: 'Models added, removed, paused, resumed and given other limits while running',
      shown: [
        ['test/engine/models.test.ts', 'a model while others run'],
        ['test/engine/models.test.ts', 'unregisterQueue finishes what it has, takes nothing new, and the model may come back'],
        ['test/engine/models.test.ts', 'start nothing while paused; what runs goes on; time limits count'],
        ['test/engine/models.test.ts', 'up: who waits starts at once; down: what is counted stays until it goes'],
        ['test/engine/models.test.ts', 'adds another type with work in flight, and lets two windows of one type be told apart'],
      ],
    },
    {
      id: 'E10',
      what: 'Fire and forget, and the result afterwards',
      shown: [['test/engine/outcomes.test.ts', 'fire and forget: pending at once, later completed with the result']],
    },
    {
      id: 'E11',
      what: 'Bounded history with size and age, evicted in O(1)',
      shown: [
        ['test/engine/requests.test.ts', 'remembers the last historySize requests, also when ids are used again'],
        ['test/engine/requests.test.ts', 'remembers for historyTtlMs, or nothing at all'],
      ],
    },
    {
      id: 'E12',
      what: "Queue information in both systems' fields",
      shown: [['test/engine/samples.test.ts', 'of the limiters form and of system A’s first form']],
    },
    {
      id: 'E13',
      what: 'Both forms of limits; neither and both are refused',
      shown: [
        ['test/engine/config-errors.test.ts', '%s: names the path, the value and what was expected'],
        ['test/engine/samples.test.ts', 'of the limiters form and of system A’s first form'],
      ],
    },
    {
      id: 'E14',
      what: 'Seven types, their windows, and whole numbers > 0',
      shown: [
        ['test/engine/independent-models.test.ts', 'a limit of type %s has a window of %d s by default, and counts what its name says'],
        ['test/engine/config-errors.test.ts', '%s: names the path, the value and what was expected'],
      ],
    },
    {
      id: 'E15',
      what: 'A true sliding window; limiters that can be used alone',
      shown: [
        ['test/limits/sliding-window.test.ts', 'holds what a list looked through each time would hold'],
        ['test/engine/rate-limiter.test.ts', 'a window: acquires, counts, waits for the exact moment, first in first out'],
        ['test/engine/rate-limiter.test.ts', 'concurrency: release serves whoever waits, also in parts'],
      ],
    },
    {
      id: 'E16',
      what: 'A token bucket with a burst, safe by default; window and bucket to choose from',
      shown: [
        ['test/limits/token-bucket.test.ts', "a bucket never says less than the provider's own, whenever either counts and gives back"],
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
      ],
    },
    {
      id: 'E17',
      what: 'All limits in one step, nothing held while blocked, stamped when dispatched',
      shown: [
        ['test/engine/seed-a-defects.test.ts', 'A2-6: who waits for one limit holds nothing of the others, and is stamped when it starts'],
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
        ['test/invariants/limits-kept.test.ts', 'an engine that stamps at the send is caught'],
      ],
      note: 'Stamped when the provider has counted.',
    },
    {
      id: 'E18',
      what: 'One timer for the exact moment; monotonic clock; windows in O(1)',
      shown: [
        ['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken'],
        ['test/limits/sliding-window.test.ts', 'a day of a million entries stays small and exact to a slot'],
        ['test/engine/rate-limiter.test.ts', 'a window: acquires, counts, waits for the exact moment, first in first out'],
      ],
    },
    {
      id: 'E19',
      what: 'A request larger than a limit fails at once and names it',
      shown: [
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-5: a request larger than a limit fails at once; what is behind it runs, and shutdown ends',
        ],
        ['test/engine/outcomes.test.ts', 'a request that can never fit: at once, naming limit, cost and size'],
      ],
    },
    {
      id: 'E20',
      what: 'A correction changes its own entry, is idempotent, may become debt, and wakes those who wait',
      shown: [
        ['test/engine/seed-a-defects.test.ts', 'A2-2: usage above the estimate is recorded even where it does not fit'],
        ['test/engine/seed-a-defects.test.ts', 'A2-3: reporting the same usage twice changes nothing'],
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-4: a refund corrects the charge at its own place in time: usage never falls below what was used',
        ],
        ['test/engine/token-usage.test.ts', 'wakes who waits for the tokens that come back'],
      ],
    },
    {
      id: 'E21',
      what: 'Usage corrects itself when the processor reports it',
      shown: [
        ['test/engine/outcomes.test.ts', 'has every documented field'],
        [
          'test/engine/token-usage.test.ts',
          'corrects a running and a finished request, is idempotent, and charges more than was estimated',
        ],
      ],
    },
    {
      id: 'E22',
      what: 'Order per model; no model blocks another; overtaking is bounded',
      shown: [
        [
          'test/invariants/order.test.ts',
          "without look-ahead a tenant's requests start in the order of their keys: first in, first out, priority as so much waiting",
        ],
        ['test/invariants/order.test.ts', 'a head starts by the moment it was first promised, whatever starts behind it'],
        [
          'test/engine/independent-models.test.ts',
          'a model that waits for its limits holds nobody of another model back, and each request runs on its own model',
        ],
      ],
    },
    {
      id: 'E23',
      what: 'Exactly n at once with a limit of n, and no limit without one',
      shown: [
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-1: several requests of a model are in flight at once, as many as the concurrency allows',
        ],
        [
          'test/invariants/order.test.ts',
          "without look-ahead a tenant's requests start in the order of their keys: first in, first out, priority as so much waiting",
        ],
      ],
    },
    {
      id: 'E24',
      what: 'A bounded queue refuses at submit',
      shown: [['test/engine/outcomes.test.ts', 'a full queue: names the model and its size; what runs does not count']],
    },
    {
      id: 'E25',
      what: 'A time limit in the queue really removes the request',
      shown: [['test/engine/outcomes.test.ts', 'waited longer than requestTimeoutSeconds: removed, never run']],
    },
    {
      id: 'E26',
      what: 'A processor may throw anything, at any time',
      shown: [['test/engine/bad-processors.test.ts', '%s fails its request only; slot and queue are free']],
    },
    {
      id: 'E27',
      what: 'Cancelling removes or aborts; an attempt has a time limit that aborts',
      shown: [
        ['test/engine/outcomes.test.ts', 'cancelled by cancel(), pending and processing, and by a signal'],
        ['test/engine/outcomes.test.ts', 'an attempt that takes too long: its signal aborts, its slot is free, it is retried or fails'],
      ],
    },
    {
      id: 'E28',
      what: 'Priority that ages, equal calls made once, and a circuit breaker',
      shown: [
        ['test/engine/dedupe.test.ts', 'make one call; each has its own id, handle, status and result'],
        [
          'test/invariants/order.test.ts',
          "without look-ahead a tenant's requests start in the order of their keys: first in, first out, priority as so much waiting",
        ],
        ['examples/priorities-and-tenants.ts'],
        [
          'test/engine/deployments.test.ts',
          'opens after five failures in a row, lets one call probe after the rest, and closes when it gets through',
        ],
      ],
    },
    {
      id: 'E29',
      what: 'No answer is lost, however quick; throughput, overhead and memory are measured',
      shown: [
        ['bench/cases/engine.ts'],
        [
          'test/invariants/settled-once.test.ts',
          'every submit settles exactly once, for every watcher alike, and nothing runs twice unless it is a retry',
        ],
      ],
    },
  ],
};
