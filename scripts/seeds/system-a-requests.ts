import type { SeedPart } from './seed-row.ts';

export const requestsOfA: SeedPart = {
  title: 'A: requests, errors and habits',
  about: 'All of it is promised now, but for two examples and later work.',
  inScope: () => true,
  rows: [
    {
      id: 'A24',
      what: 'First in, first out per model',
      shown: [
        [
          'test/invariants/order.test.ts',
          "without look-ahead a tenant's requests start in the order of their keys: first in, first out, priority as so much waiting",
        ],
        ['test/engine/outcomes.test.ts', 'a full queue: names the model and its size; what runs does not count'],
      ],
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
      shown: [['test/engine/outcomes.test.ts', 'has every documented field']],
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
        ['test/engine/utilities.test.ts', 'have a code each, but for the two ways to name a wait that was too long'],
        ['test/engine/outcomes.test.ts', 'an unknown model: names it and those there are'],
        ['test/engine/outcomes.test.ts', 'a request that can never fit: at once, naming limit, cost and size'],
        ['test/engine/outcomes.test.ts', 'waited longer than requestTimeoutSeconds: removed, never run'],
        ['test/engine/config-errors.test.ts', '%s: names the path, the value and what was expected'],
        ['test/engine/outcomes.test.ts', 'the processor threw and no attempt is left: cause is what was thrown'],
      ],
      note: 'Each of them is really raised.',
    },
    {
      id: 'A32',
      what: 'Helpers: logging, timer, time limit, validation',
      shown: [
        ['test/engine/utilities.test.ts', 'getLogger names its lines, keeps the level, and redacts keys and prompts'],
        ['test/engine/utilities.test.ts', 'is readable while it runs, and stands still once stopped or disposed of'],
        ['test/engine/utilities.test.ts', 'aborts its signal and rejects with QueueTimeout when the time is up'],
        ['test/engine/config-errors.test.ts', 'refuse %s'],
        ['examples/logging-and-time.ts'],
      ],
    },
    { id: 'A33', what: 'The version as an export', shown: [['test/engine/utilities.test.ts', 'is the package’s']] },
    {
      id: 'A34',
      what: 'Speed, overhead and memory as claims',
      shown: [['bench/cases/engine.ts'], ['bench/cases/share.ts']],
      note: 'As lines of a benchmark that fail when they are missed.',
    },
    {
      id: 'A35',
      what: 'Examples: basic, OpenAI, Anthropic, concurrent against per period, several limits, typed, and the advanced ones',
      shown: [
        ['test/e2e/examples.test.ts', 'are all run here, are all in their README, and are short'],
        ['test/e2e/examples.test.ts', '%s runs and prints what it says'],
        ['examples/openai-sdk.ts'],
        ['examples/anthropic-sdk.ts'],
      ],
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
      what: 'Its plans: priorities, dedupe, token bucket, monitoring hooks, retries, circuit breaker',
      shown: [
        ['test/engine/dedupe.test.ts', 'make one call; each has its own id, handle, status and result'],
        ['examples/priorities-and-tenants.ts'],
        ['examples/retry-and-refusals.ts'],
        [
          'test/engine/deployments.test.ts',
          'opens after five failures in a row, lets one call probe after the rest, and closes when it gets through',
        ],
        ['examples/metrics-export.ts'],
      ],
      waits: 'several machines',
      note: 'A dashboard of our own and limits of several machines are later work; Prometheus, and a dashboard for Grafana, are there.',
    },
  ],
};
