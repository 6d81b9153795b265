import type { SeedPart } from './seed-row.ts';

export const systemB: SeedPart = {
  title: 'B: capabilities and defects',
  about: 'A queue in front of Azure deployments, with limits per user and telemetry.',
  inScope: () => false,
  rows: [
    { id: 'B1', what: 'A queue whose parts can all be replaced', waits: 'providers' },
    { id: 'B2', what: 'Connecting the stores before use', waits: 'providers' },
    { id: 'B3', what: 'Executors registered by request type, also later', waits: 'providers' },
    { id: 'B4', what: 'Executing a request for a user with a model preference', waits: 'providers' },
    { id: 'B5', what: 'Outcomes as status codes with texts', waits: 'providers' },
    {
      id: 'B6',
      what: 'Errors: too many requests, queue full, time in queue, no user',
      shown: [
        ['test/engine/outcomes.test.ts', 'a full queue: names the model and its size; what runs does not count'],
        ['test/engine/outcomes.test.ts', 'waited longer than requestTimeoutSeconds: removed, never run'],
      ],
      waits: 'providers',
      note: 'Queue full and time in queue are there under their names.',
    },
    { id: 'B7', what: "The executor's interface: payload, chosen deployments, telemetry record", waits: 'providers' },
    { id: 'B8', what: 'Preferences: specific models, kinds required, calls per request', waits: 'providers' },
    { id: 'B9', what: 'A language and an embedding model taken together', waits: 'providers' },
    {
      id: 'B10',
      what: 'Bounds of the scheduler: size and time',
      shown: [
        ['test/engine/outcomes.test.ts', 'a full queue: names the model and its size; what runs does not count'],
        ['test/engine/outcomes.test.ts', 'waited longer than requestTimeoutSeconds: removed, never run'],
      ],
    },
    {
      id: 'B11',
      what: 'A second queue for those whose model is busy',
      shown: [
        [
          'test/engine/independent-models.test.ts',
          'a model that waits for its limits holds nobody of another model back, and each request runs on its own model',
        ],
      ],
      note: 'One queue per model, so that nobody blocks another model.',
    },
    { id: 'B12', what: 'A scheduler that can be replaced', waits: 'providers' },
    {
      id: 'B13',
      what: 'Queue full is refused at once',
      shown: [['test/engine/outcomes.test.ts', 'a full queue: names the model and its size; what runs does not count']],
    },
    {
      id: 'B14',
      what: 'A background loop that moves requests on',
      shown: [['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken']],
      note: 'Nothing polls here.',
    },
    { id: 'B15', what: 'Evenly spaced round robin over deployments, by requests a minute', waits: 'providers' },
    { id: 'B16', what: 'A rest for a deployment after an error', waits: 'providers' },
    { id: 'B17', what: 'Requests per user and window', waits: 'providers' },
    { id: 'B18', what: 'User limits in memory', waits: 'providers' },
    { id: 'B19', what: 'User limits in Redis', waits: 'several machines' },
    { id: 'B20', what: 'A telemetry record per request', waits: 'providers' },
    { id: 'B21', what: 'Telemetry to CSV and PostgreSQL', waits: 'gateway' },
    { id: 'B22', what: 'Telemetry of failures', waits: 'providers' },
    { id: 'B23', what: 'A YAML configuration of deployments, limits and custom models', waits: 'providers' },
    {
      id: 'B24',
      what: 'Graceful shutdown',
      shown: [['test/engine/shutdown.test.ts', 'gracefully finishes what waits and runs, all models at once, and is idempotent']],
    },
    {
      id: 'B25',
      what: 'Uses: gateway, tenants, retrieval, monitoring',
      shown: [['examples/priorities-and-tenants.ts']],
      waits: 'gateway',
      note: 'Fair shares between tenants and monitoring are there.',
    },
    { id: 'B26', what: 'A test with both kinds of models', waits: 'providers' },
    { id: 'BD1', what: 'A missing user id crashed instead of being refused', waits: 'providers' },
    {
      id: 'BD2',
      what: 'Answers of quick executors were lost',
      shown: [
        ['test/engine/bad-processors.test.ts', '%s completes'],
        [
          'test/invariants/settled-once.test.ts',
          'every submit settles exactly once, for every watcher alike, and nothing runs twice unless it is a retry',
        ],
      ],
    },
    {
      id: 'BD3',
      what: 'One unknown model stopped everything',
      shown: [['test/engine/outcomes.test.ts', 'an unknown model: names it and those there are']],
    },
    {
      id: 'BD4',
      what: 'A timed-out request stayed and ran later',
      shown: [['test/engine/outcomes.test.ts', 'waited longer than requestTimeoutSeconds: removed, never run']],
    },
    {
      id: 'BD5',
      what: 'A waiting request ran on the model that another one had asked for',
      shown: [
        [
          'test/engine/independent-models.test.ts',
          'a model that waits for its limits holds nobody of another model back, and each request runs on its own model',
        ],
      ],
    },
    { id: 'BD6', what: 'A request that needs no model blocked everybody', waits: 'providers' },
    {
      id: 'BD7',
      what: 'Shutting down an idle queue hung',
      shown: [
        ['test/engine/shutdown.test.ts', 'takes no time when idle, starts what a paused queue holds, and may become impatient later'],
      ],
    },
    {
      id: 'BD8',
      what: 'Shutdown lost what was waiting and running',
      shown: [
        ['test/engine/shutdown.test.ts', 'gracefully finishes what waits and runs, all models at once, and is idempotent'],
        ['test/engine/outcomes.test.ts', 'forced shutdown, and the deadline of a shutdown'],
      ],
    },
    {
      id: 'BD9',
      what: 'A full second queue lost requests and stopped everything',
      shown: [['test/engine/outcomes.test.ts', 'a full queue: names the model and its size; what runs does not count']],
    },
    {
      id: 'BD10',
      what: 'Ten requests a second at most; no rest after errors; wrong waits; failures without telemetry',
      shown: [['bench/cases/engine.ts']],
      waits: 'providers',
      note: 'The ceiling is gone.',
    },
  ],
};
