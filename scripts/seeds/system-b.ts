import type { SeedPart } from './seed-row.ts';

export const systemB: SeedPart = {
  title: 'B: capabilities',
  about: 'A queue in front of Azure deployments, with limits per user and telemetry.',
  inScope: () => true,
  rows: [
    {
      id: 'B1',
      what: 'A queue whose parts can all be replaced',
      shown: [
        ['test/client/llm-queue-plugged.test.ts', 'decides the order'],
        [
          'test/client/llm-queue-plugged.test.ts',
          'chooses, is asked with calls and model, and hears of errors; the other kind keeps the default',
        ],
        [
          'test/client/llm-queue-telemetry.test.ts',
          'is connected before the first request, and asked with the limits of the configuration, or 40 per 60 s',
        ],
        ['test/client/llm-queue-telemetry.test.ts', 'that is slow gets every record, in order, before it is disconnected'],
      ],
    },
    {
      id: 'B2',
      what: 'Connecting the stores before use',
      shown: [
        [
          'test/client/llm-queue-telemetry.test.ts',
          'fail initiate() and the request that needed it, which is told apart from an executor’s error; later it may work',
        ],
        [
          'test/client/llm-queue-telemetry.test.ts',
          'is connected before the first request, and asked with the limits of the configuration, or 40 per 60 s',
        ],
      ],
      note: 'Requests wait for it, and do it where nobody did.',
    },
    {
      id: 'B3',
      what: 'Executors registered by request type, also later',
      shown: [
        [
          'test/client/llm-queue.test.ts',
          'may be a class, may be added and replaced while the queue runs, and is kept by what is queued already',
        ],
      ],
    },
    {
      id: 'B4',
      what: 'Executing a request for a user with a model preference',
      shown: [
        [
          'test/client/llm-queue.test.ts',
          'gets the request, the chosen deployments as [embedding, llm], the record and a signal; what it returns is the response',
        ],
        [
          'test/client/llm-queue-properties.test.ts',
          'everybody is answered once, on models that were asked for, within the users’ limits, and told of in one record',
        ],
      ],
    },
    {
      id: 'B5',
      what: 'Outcomes as status codes with texts',
      shown: [
        ['test/client/llm-queue.test.ts', 'that throws is answered with 500 and a text, whatever it throws'],
        ['test/client/llm-queue-defects.test.ts', 'B2-2: executors that return at once are answered at once, and so is an unknown type'],
        ['test/client/llm-queue-defects.test.ts', 'B2-3: a request for an unknown model is one caller’s 400; everybody else goes on'],
      ],
    },
    {
      id: 'B6',
      what: 'Errors: too many requests, queue full, time in queue, no user',
      shown: [
        ['test/client/llm-queue-defects.test.ts', 'B2-10: the wait that a limited user is told is exact'],
        [
          'test/client/llm-queue-defects.test.ts',
          'B2-9: a full queue is the caller’s SchedulerQueueFullError, costs the user nothing, and stops nobody',
        ],
        ['test/client/llm-queue-defects.test.ts', 'B2-4: whoever waits too long gets QueueTimeoutError and is really gone'],
        ['test/client/llm-queue-defects.test.ts', 'B2-1: a missing user id is refused as what it is, and stored'],
      ],
    },
    {
      id: 'B7',
      what: "The executor's interface: payload, chosen deployments, telemetry record",
      shown: [
        [
          'test/client/llm-queue.test.ts',
          'gets the request, the chosen deployments as [embedding, llm], the record and a signal; what it returns is the response',
        ],
        ['test/client/llm-queue.test.ts', 'with the same id are replicas that share the load, each with its own key'],
        [
          'test/client/llm-queue-telemetry.test.ts',
          'tells each moment in milliseconds, what was chosen, and the tokens that the executor wrote',
        ],
      ],
    },
    {
      id: 'B8',
      what: 'Preferences: specific models, kinds required, calls per request',
      shown: [
        ['test/client/llm-queue.test.ts', 'have six fields with defaults'],
        ['test/client/llm-queue.test.ts', 'count as many calls as a request says that it makes'],
        ['test/client/llm-queue-defects.test.ts', 'B2-5: a request runs on the model that it asked for, whoever waits before it'],
        ['test/client/llm-queue.test.ts', 'for a kind that nothing serves are answered with 400'],
      ],
    },
    {
      id: 'B9',
      what: 'A language and an embedding model taken together',
      shown: [
        ['test/client/llm-queue.test.ts', 'that are required together are reserved in one step: neither is held while the other is busy'],
      ],
    },
    {
      id: 'B10',
      what: 'Bounds of the scheduler: size and time',
      shown: [
        [
          'test/client/llm-queue-defects.test.ts',
          'B2-9: a full queue is the caller’s SchedulerQueueFullError, costs the user nothing, and stops nobody',
        ],
        ['test/client/llm-queue-defects.test.ts', 'B2-4: whoever waits too long gets QueueTimeoutError and is really gone'],
      ],
    },
    {
      id: 'B11',
      what: 'A second queue for those whose model is busy',
      shown: [
        ['test/client/llm-queue.test.ts', 'that are busy hold up only those who asked for them'],
        ['test/client/llm-queue-plugged.test.ts', 'that hands out another request than asked for starts that one on its own model'],
      ],
      note: 'A queue for each combination of models, unless the scheduler is replaced.',
    },
    {
      id: 'B12',
      what: 'A scheduler that can be replaced',
      shown: [
        ['test/client/llm-queue-plugged.test.ts', 'decides the order'],
        ['test/client/llm-queue-plugged.test.ts', 'gets every request once, and is told of those that leave'],
        ['test/client/llm-queue-plugged.test.ts', 'whose wait queue is full refuses one caller; the others go on'],
        ['test/client/llm-queue-plugged.test.ts', 'that throws is asked again a second later'],
      ],
    },
    {
      id: 'B13',
      what: 'Queue full is refused at once',
      shown: [
        [
          'test/client/llm-queue-defects.test.ts',
          'B2-9: a full queue is the caller’s SchedulerQueueFullError, costs the user nothing, and stops nobody',
        ],
      ],
    },
    {
      id: 'B14',
      what: 'A background loop that moves requests on',
      shown: [
        ['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken'],
        [
          'test/client/llm-queue-plugged.test.ts',
          'without a hint is asked when something ended, and in the time that the quickest model needs',
        ],
      ],
      note: 'Nothing polls here, but for a balancer of the user’s that cannot say when it has something.',
    },
    {
      id: 'B15',
      what: 'Evenly spaced round robin over deployments, by requests a minute',
      shown: [
        ['test/client/llm-queue-spacing.test.ts', 'start 60 s ÷ reqPerMin after one another at each deployment, in turn'],
        ['test/client/llm-queue-spacing.test.ts', 'leave as much time as the calls of the last request take, of each model its own'],
        ['test/client/llm-queue.test.ts', 'take turns, in proportion to their limits'],
        [
          'test/client/llm-queue-plugged.test.ts',
          'goes round, and gives a model its next call after 60 s ÷ its rate × the calls of its last',
        ],
        ['test/client/llm-queue.test.ts', 'keep tokensPerMin, counted by what executors report'],
      ],
    },
    {
      id: 'B16',
      what: 'A rest for a deployment after an error',
      shown: [
        [
          'test/client/llm-queue-defects.test.ts',
          'B2-10: a single model that failed rests, and of two chosen ones exactly the one that failed',
        ],
        ['test/client/llm-queue-plugged.test.ts', 'lets exactly the model rest that failed'],
      ],
    },
    {
      id: 'B17',
      what: 'Requests per user and window',
      shown: [
        ['test/client/llm-queue-defects.test.ts', 'B2-10: the wait that a limited user is told is exact'],
        ['test/stores/in-memory-user-limits.test.ts', 'are each user’s own'],
        ['test/client/llm-queue-telemetry.test.ts', 'counts by a clock that does not jump'],
        ['examples/users-and-telemetry.ts'],
      ],
    },
    {
      id: 'B18',
      what: 'User limits in memory',
      shown: [
        [
          'test/stores/in-memory-user-limits.test.ts',
          'never allow more than the limit in any window, refuse nothing that fits, and name the first moment that does',
        ],
        ['test/stores/in-memory-user-limits.test.ts', 'forget users whose window is empty'],
      ],
    },
    {
      id: 'B19',
      what: 'User limits in Redis',
      shown: [
        ['test/stores/redis-user-limits.test.ts', 'are one limit for all processes'],
        ['test/stores/redis-user-limits.test.ts', 'hold no more than the limit for a user, and nothing once the window is over'],
        ['test/stores/redis-user-limits.test.ts', 'serve an LLMQueue'],
        [
          'test/stores/user-limits-with-fallback.test.ts',
          'never let more through in any window than the limit, whatever becomes of the store',
        ],
      ],
    },
    {
      id: 'B20',
      what: 'A telemetry record per request',
      shown: [
        [
          'test/client/llm-queue-telemetry.test.ts',
          'tells each moment in milliseconds, what was chosen, and the tokens that the executor wrote',
        ],
        ['test/client/llm-queue-telemetry.test.ts', 'holds the payload only where that is turned on, and survives one that is no JSON'],
      ],
      note: 'Moments are in milliseconds.',
    },
    {
      id: 'B21',
      what: 'Telemetry to CSV and PostgreSQL',
      shown: [
        [
          'test/stores/csv-telemetry-store.test.ts',
          'begins with a header where the file is missing, and has all 14 fields with their defaults',
        ],
        ['test/stores/csv-telemetry-store.test.ts', 'quotes what has to be quoted, and lets no text run as a formula'],
        ['test/client/llm-queue-telemetry.test.ts', 'may be a CSV file'],
        ['test/stores/telemetry-sinks.test.ts', 'is in order, whatever the size of its batches, and goes on where it was'],
        ['test/stores/telemetry-sinks.test.ts', 'may be told by the parts of its address'],
        ['test/stores/telemetry-outage.test.ts', 'Postgres that stops and comes back has every record once, in order'],
      ],
      note: 'SQLite too.',
    },
    {
      id: 'B22',
      what: 'Telemetry of failures',
      shown: [
        ['test/client/llm-queue-defects.test.ts', 'B2-10: every kind of failure is stored'],
        ['test/client/llm-queue-telemetry.test.ts', 'that fails breaks no request; each lost record is logged and counted'],
      ],
    },
    {
      id: 'B23',
      what: 'A YAML configuration of deployments, limits and custom models',
      shown: [
        ['test/config/seed-files.test.ts', 'loads exactly as printed'],
        ['test/config/seed-files.test.ts', "takes the code's spelling where it differs from the document's"],
        ['test/client/seed-files-and-errors.test.ts', 'goes from loadHeadgateConfig into LLMQueue as it is'],
        ['test/client/llm-queue.test.ts', 'serves chats, embeddings and both together, 40 requests of a user a minute'],
        ['test/client/llm-queue.test.ts', 'may be custom models, whose module is imported by path and export name'],
      ],
    },
    {
      id: 'B24',
      what: 'Graceful shutdown',
      shown: [
        ['test/client/llm-queue-defects.test.ts', 'B2-8: shutdown finishes what waits and what runs'],
        [
          'test/client/llm-queue-shutdown.test.ts',
          'waits until its deadline, then answers who is left; it may become more impatient, and is done once',
        ],
        [
          'test/client/llm-queue-shutdown.test.ts',
          'answers everybody at once when it is forced: what waits, and what runs, whose signal aborts',
        ],
      ],
    },
    {
      id: 'B25',
      what: 'Uses: gateway, tenants, retrieval, monitoring',
      shown: [
        ['test/e2e/serve.test.ts', 'answers every SDK on models of both protocols, and leaves with 0 when it is told to'],
        [
          'test/gateway/tenants/gateway-tenants.test.ts',
          'lets a tenant see and use its own models only, and lets nobody act for another but an administrator',
        ],
        ['test/gateway/telemetry.test.ts', 'tells what happened to calls'],
        ['examples/gateway.ts'],
        ['examples/gateway-tenants.ts'],
        ['examples/monitoring.ts'],
        ['examples/api-server.ts'],
        ['examples/executors.ts'],
        ['examples/rag.ts'],
        ['examples/users-and-telemetry.ts'],
        ['examples/priorities-and-tenants.ts'],
        ['test/client/llm-queue.test.ts', 'serves chats, embeddings and both together, 40 requests of a user a minute'],
      ],
    },
    {
      id: 'B26',
      what: 'A test with both kinds of models',
      shown: [
        ['test/client/llm-queue.test.ts', 'that are required together are reserved in one step: neither is held while the other is busy'],
        ['test/client/llm-queue-defects.test.ts', 'B2-8: shutdown finishes what waits and what runs'],
      ],
    },
  ],
};
