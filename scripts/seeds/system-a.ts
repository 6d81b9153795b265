import type { SeedPart } from './seed-row.ts';

export const systemA: SeedPart = {
  title: 'A: capabilities',
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
      shown: [['test/engine/samples.test.ts', 'of the limiters form and of system A’s first form'], ['examples/basic.ts']],
    },
    {
      id: 'A15',
      what: 'Two modes of the first form: per period and concurrent',
      shown: [
        ['test/engine/samples.test.ts', 'of the limiters form and of system A’s first form'],
        ['examples/concurrent-against-per-period.ts'],
      ],
    },
    {
      id: 'A16',
      what: 'The second form: several limits; one of the forms is required',
      shown: [['test/engine/outcomes.test.ts', 'bad config: InvalidConfiguration'], ['examples/several-limits.ts']],
      note: 'Both at once are refused.',
    },
    {
      id: 'A17',
      what: "A limit's own period in seconds, and whole numbers > 0",
      note: 'A period on a concurrent limit is refused instead of ignored.',
    },
    {
      id: 'A18',
      what: 'Seven types of limits with their default windows and costs',
      shown: [['test/engine/token-usage.test.ts', 'reserves characters ÷ 4 and max_tokens, never nothing; what the caller states wins']],
      note: 'Without an estimate a request costs a guess, never nothing.',
    },
    {
      id: 'A19',
      what: 'A true sliding window',
      shown: [
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
      ],
      note: 'Bounded and O(1), on a monotonic clock.',
    },
    { id: 'A20', what: 'A limit on calls at once' },
    {
      id: 'A21',
      what: 'Waiting for room',
      shown: [
        ['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken'],
        ['test/engine/samples.test.ts', 'tells when a window has room again'],
      ],
      note: 'Until the exact moment, by one timer; no polling.',
    },
    { id: 'A22', what: 'A limiter on its own: acquire, release, wait, usage, capacity' },
    {
      id: 'A23',
      what: 'Several limits taken together',
      shown: [
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
      ],
      note: 'All or none, in one step.',
    },
    {
      id: 'A24',
      what: 'First in, first out per model',
      shown: [['test/engine/outcomes.test.ts', 'a full queue: names the model and its size; what runs does not count']],
      note: 'Bounded on demand, and as many at once as the limits allow.',
    },
    {
      id: 'A25',
      what: 'Exactly four statuses',
      shown: [
        ['test/engine/status-stream.test.ts', 'success: pending, processing, completed, with phase, attempt and time; then it completes'],
      ],
    },
    {
      id: 'A26',
      what: 'A processor that throws: the request fails, its text is kept, the slot is free',
      shown: [
        ['test/engine/outcomes.test.ts', 'the processor threw and no attempt is left: cause is what was thrown'],
        ['test/engine/bad-processors.test.ts', '%s fails its request only; slot and queue are free'],
      ],
      note: 'The thrown value is kept as cause.',
    },
    {
      id: 'A27',
      what: 'A processor that returns nothing: completed',
      shown: [['test/engine/outcomes.test.ts', 'a processor that returns nothing completes without a result']],
    },
    {
      id: 'A28',
      what: 'The request as a value, with id, time, estimates and metadata; with params, with metadata only, or with neither',
      shown: [
        ['test/engine/requests.test.ts', 'is readable before it is submitted, and tells its status and tokens afterwards'],
        ['test/engine/outcomes.test.ts', 'a request with only a model, or only metadata, is valid'],
      ],
    },
    {
      id: 'A29',
      what: 'The response and its fields',
      shown: [['test/engine/outcomes.test.ts', 'has every field of the contract']],
      note: 'Also time in queue, attempts, reason and code.',
    },
    {
      id: 'A30',
      what: 'Typed params and results, validated',
      shown: [['test/engine/requests.test.ts', 'check and transform params at submit, and results'], ['examples/typed-params.ts']],
    },
    {
      id: 'A31',
      what: 'A family of errors under one root',
      shown: [
        ['test/engine/outcomes.test.ts', 'the processor threw and no attempt is left: cause is what was thrown'],
        ['test/engine/outcomes.test.ts', 'an unknown model: names it and those there are'],
        ['test/engine/outcomes.test.ts', 'a request that can never fit: at once, naming limit, cost and size'],
        ['test/engine/outcomes.test.ts', 'waited longer than requestTimeoutSeconds: removed, never run'],
        ['test/engine/outcomes.test.ts', 'bad config: InvalidConfiguration'],
      ],
      note: 'Each of them is really raised.',
    },
    { id: 'A32', what: 'Helpers: logging, timer, time limit, validation', shown: [['examples/logging-and-time.ts']] },
    { id: 'A33', what: 'The version as an export' },
    {
      id: 'A34',
      what: 'Speed, overhead and memory as claims',
      shown: [['bench/cases/engine.ts'], ['bench/cases/share.ts']],
      note: 'As lines of a benchmark that fail when they are missed.',
    },
    {
      id: 'A35',
      what: 'Examples: basic, concurrent against per period, several limits, typed, and the advanced ones',
      shown: [
        ['test/e2e/examples.test.ts', 'are all run here, are all in their README, and are short'],
        ['test/e2e/examples.test.ts', '%s runs and prints what it says'],
      ],
      waits: 'providers',
      note: 'The two examples against real providers come with the providers.',
    },
    {
      id: 'A36',
      what: 'Tests of every part, with benchmarks and error paths',
      shown: [
        [
          'test/invariants/settled-once.test.ts',
          'every submit settles exactly once, for every watcher alike, and nothing runs twice unless it is a retry',
        ],
        ['test/engine/bad-processors.test.ts', '%s fails its request only; slot and queue are free'],
      ],
    },
    {
      id: 'A37',
      what: 'Tooling: formatter, linter, types, a workflow on three systems',
      shown: [['.github/workflows/test.yml'], ['biome.json']],
    },
    {
      id: 'A38',
      what: 'Its plans: priorities, dedupe, token bucket, monitoring hooks, retries',
      shown: [
        ['test/engine/dedupe.test.ts', 'make one call; each has its own id, handle, status and result'],
        ['examples/priorities-and-tenants.ts'],
        ['examples/retry-and-refusals.ts'],
      ],
      waits: 'several machines',
      note: 'Redis, Prometheus, a dashboard and a circuit breaker are later work.',
    },
  ],
};
