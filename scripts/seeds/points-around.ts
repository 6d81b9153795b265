import type { SeedPart } from './seed-row.ts';

export const pointsAround: SeedPart = {
  title: 'E50 to E58: everything around it',
  about: 'Streams, charts, shutdown, helpers, examples, commands, tests.',
  inScope: () => true,
  rows: [
    {
      id: 'E50',
      what: 'Streams per request, per model and for all; events; subscribers break nothing',
      shown: [
        ['test/engine/status-stream.test.ts', 'success: pending, processing, completed, with phase, attempt and time; then it completes'],
        ['test/engine/status-stream.test.ts', 'tells the whole life of a request, in order, and never params, results or error texts'],
        ['test/engine/samples.test.ts', 'sample at once and every 250 ms, are frozen, and hold everything that is counted'],
        ['test/engine/samples.test.ts', 'set no timer and read nothing while nobody is subscribed; replay the last to whoever comes later'],
        [
          'test/engine/status-stream.test.ts',
          'are their own uncaught exceptions; every other subscriber and the engine are right afterwards',
        ],
        ['test/engine/status-stream.test.ts', 'nobody hears anything after unsubscribing'],
      ],
    },
    {
      id: 'E51',
      what: 'Charts for the inspector; actors with the four statuses',
      shown: [
        ['test/observability/mermaid.test.ts', 'name every state and event they have'],
        ['test/engine/derive-flat-logic.test.ts', 'runs %s as XState does'],
        [
          'test/engine/inspection.test.ts',
          'shows engine, scheduler, limiters, domain, supervisor and requests with their definitions in one stream',
        ],
        ['test/engine/inspection.test.ts', 'shows their live states'],
        ['test/prometheus/prometheus-metrics.test.ts', 'tell how many wait and for whom, and what became of the others'],
        ['test/deploy/dashboard.test.ts', 'asks for every metric of the gateway, and for no other'],
      ],
      waits: 'dashboard',
      note: 'Prometheus and OpenTelemetry are there.',
    },
    {
      id: 'E52',
      what: 'Shutdown: refuses, finishes, has a deadline and a force mode, leaves no timer',
      shown: [
        ['test/engine/shutdown.test.ts', 'gracefully finishes what waits and runs, all models at once, and is idempotent'],
        ['test/engine/outcomes.test.ts', 'forced shutdown, and the deadline of a shutdown'],
        ['test/invariants/timers.test.ts', 'work keeps a process alive, and nothing of ours does once it is idle'],
        ['test/engine/shutdown.test.ts', 'takes no time when idle, starts what a paused queue holds, and may become impatient later'],
        ['test/client/headgate.test.ts', 'finishes what it has when it is closed, takes nothing new, and may be closed twice'],
        [
          'test/client/llm-queue-shutdown.test.ts',
          'waits until its deadline, then answers who is left; it may become more impatient, and is done once',
        ],
        ['test/client/llm-queue-telemetry.test.ts', 'that is slow gets every record, in order, before it is disconnected'],
      ],
    },
    {
      id: 'E53',
      what: 'Helpers: logging, timer, time limit, validation, version',
      shown: [
        ['test/engine/utilities.test.ts', 'getLogger names its lines, keeps the level, and redacts keys and prompts'],
        ['test/engine/utilities.test.ts', 'is readable while it runs, and stands still once stopped or disposed of'],
        ['test/engine/utilities.test.ts', 'aborts its signal and rejects with QueueTimeout when the time is up'],
        ['test/engine/config-errors.test.ts', 'refuse %s'],
        ['test/engine/utilities.test.ts', 'is the package’s'],
      ],
    },
    {
      id: 'E54',
      what: 'Examples that run offline and in every check',
      shown: [
        ['test/e2e/examples.test.ts', 'are all run here, are all in their README, and are short'],
        ['test/e2e/examples.test.ts', '%s runs and prints what it says'],
        ['test/e2e/examples.test.ts', 'redis-limits.ts counts for two processes in one Redis'],
        ['test/e2e/examples.test.ts', 'database-telemetry.ts writes and asks Postgres as it does SQLite'],
      ],
    },
    {
      id: 'E55',
      what: 'Scripts: a check, an interactive session, a load test',
      shown: [
        ['test/e2e/cli-check.test.ts', 'calls each deployment with --probe, and ends with 1 where one fails'],
        ['test/e2e/cli-chat.test.ts', 'answers each line of a pipe, does what commands say, and ends with 0'],
        ['test/e2e/cli-load.test.ts', 'measures streams over two keys: what was answered where, how soon, and how long it waited'],
        ['test/e2e/cli-load.test.ts', 'counts errors by their type, and ends with 1 unless failures are allowed'],
        [
          'test/e2e/cli-status.test.ts',
          'puts what each provider says beside the configuration, flags what differs, and goes on where one fails',
        ],
      ],
    },
    {
      id: 'E56',
      what: 'Documents, workflows, checks, benchmarks',
      shown: [
        ['test/docs/snippets.test.ts', 'compiles every TypeScript block of the documents against the sources'],
        ['.github/workflows/test.yml'],
        ['bench/cases/engine.ts'],
      ],
    },
    {
      id: 'E57',
      what: 'A regression test per defect',
      shown: [
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-1: several requests of a model are in flight at once, as many as the concurrency allows',
        ],
        ['test/engine/seed-a-defects.test.ts', 'A2-2: usage above the estimate is recorded even where it does not fit'],
        ['test/engine/seed-a-defects.test.ts', 'A2-3: reporting the same usage twice changes nothing'],
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-4: a refund corrects the charge at its own place in time: usage never falls below what was used',
        ],
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-5: a request larger than a limit fails at once; what is behind it runs, and shutdown ends',
        ],
        ['test/engine/seed-a-defects.test.ts', 'A2-6: who waits for one limit holds nothing of the others, and is stamped when it starts'],
        [
          'test/engine/seed-a-defects.test.ts',
          'A2-7: a caller that stops waiting takes its request along: it consumes no limit and never runs',
        ],
        ['test/engine/seed-a-defects.test.ts', 'A2-8: a processor that raises a cancellation fails its request; the queue goes on'],
        ['test/engine/seed-a-defects.test.ts', 'A2-9: a submit after shutdown is answered'],
        ['test/engine/seed-a-defects.test.ts', 'A2-10: getStatus of a completed request has the result'],
        ['test/client/llm-queue-defects.test.ts', 'B2-1: a missing user id is refused as what it is, and stored'],
        ['test/client/llm-defects.test.ts', 'C2-1: retries really run again, and are counted'],
        [
          'test/client/seed-overlap-and-streams.test.ts',
          'D-1: a call that took too long is ended before another one starts: never two at once where one is allowed',
        ],
      ],
      note: 'Those of B, C and D: the rows BD1 to DD3.',
    },
    {
      id: 'E58',
      what: 'Property tests: limits, exactly once, order, capacity',
      shown: [
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
        [
          'test/invariants/settled-once.test.ts',
          'every submit settles exactly once, for every watcher alike, and nothing runs twice unless it is a retry',
        ],
        [
          'test/invariants/order.test.ts',
          "without look-ahead a tenant's requests start in the order of their keys: first in, first out, priority as so much waiting",
        ],
        [
          'test/invariants/capacity-returns.test.ts',
          'all capacity returns when idle, after every mixture of success, failure, cancel, timeout and refusal',
        ],
        ['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken'],
        ['test/invariants/chaos.test.ts', 'lose nothing, repeat nothing that was delivered, and keep every limit'],
        [
          'test/client/llm-queue-properties.test.ts',
          'everybody is answered once, on models that were asked for, within the users’ limits, and told of in one record',
        ],
        [
          'test/client/pool-clients.test.ts',
          'never more than maxSize, never fewer than minSize, and every connection is closed in the end, whatever happens',
        ],
      ],
    },
  ],
};
