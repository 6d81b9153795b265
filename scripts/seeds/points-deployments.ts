import type { SeedPart } from './seed-row.ts';

export const pointsOfDeployments: SeedPart = {
  title: 'E30 to E37: deployments, users, telemetry',
  about: 'What B brought. Promised now.',
  inScope: () => true,
  rows: [
    {
      id: 'E30',
      what: 'Several deployments per provider, and custom models',
      shown: [
        [
          'test/client/llm-queue.test.ts',
          'gets the request, the chosen deployments as [embedding, llm], the record and a signal; what it returns is the response',
        ],
        ['test/config/expansion.test.ts', 'with the same model are replicas of it'],
        ['test/client/llm-queue.test.ts', 'may be custom models, whose module is imported by path and export name'],
      ],
    },
    {
      id: 'E31',
      what: 'Balancing over deployments, and rest after errors',
      shown: [
        ['test/client/llm-queue-spacing.test.ts', 'start 60 s ÷ reqPerMin after one another at each deployment, in turn'],
        ['test/client/llm-queue.test.ts', 'keep tokensPerMin, counted by what executors report'],
        [
          'test/client/llm-queue-defects.test.ts',
          'B2-10: a single model that failed rests, and of two chosen ones exactly the one that failed',
        ],
        ['test/client/llm-queue.test.ts', 'with the same id are replicas that share the load, each with its own key'],
        [
          'test/client/llm-queue-plugged.test.ts',
          'chooses, is asked with calls and model, and hears of errors; the other kind keeps the default',
        ],
        ['test/client/seed-balancing.test.ts', 'by headroom takes the deployment with the larger free part of its limit'],
        ['test/client/seed-balancing.test.ts', 'by load takes the one with the fewest calls in flight for its weight'],
        ['test/client/seed-balancing.test.ts', 'by weight keeps to the proportion from the first requests on'],
        ['test/client/seed-balancing.test.ts', 'by latency sends most to the quickest, and asks each of them once'],
        ['test/client/seed-balancing.test.ts', 'of the user’s orders, leaves out, and hears of starts and failures'],
      ],
    },
    {
      id: 'E32',
      what: 'Model preferences; two models taken together',
      shown: [
        ['test/client/llm-queue.test.ts', 'have six fields with defaults'],
        ['test/client/llm-queue.test.ts', 'that are required together are reserved in one step: neither is held while the other is busy'],
        ['test/client/llm-queue.test.ts', 'count as many calls as a request says that it makes'],
        ['examples/rag.ts'],
      ],
    },
    {
      id: 'E33',
      what: 'Executors by request type, and their outcomes',
      shown: [
        [
          'test/client/llm-queue.test.ts',
          'may be a class, may be added and replaced while the queue runs, and is kept by what is queued already',
        ],
        ['test/client/llm-queue.test.ts', 'that throws is answered with 500 and a text, whatever it throws'],
        ['test/client/llm-queue-defects.test.ts', 'B2-2: executors that return at once are answered at once, and so is an unknown type'],
        ['test/client/llm-queue-defects.test.ts', 'B2-3: a request for an unknown model is one caller’s 400; everybody else goes on'],
      ],
    },
    {
      id: 'E34',
      what: 'A busy specific model delays only those who want it',
      shown: [
        ['test/client/llm-queue.test.ts', 'that are busy hold up only those who asked for them'],
        ['test/client/llm-queue-defects.test.ts', 'B2-5: a request runs on the model that it asked for, whoever waits before it'],
        ['test/client/llm-queue-defects.test.ts', 'B2-3: a request for an unknown model is one caller’s 400; everybody else goes on'],
        ['test/client/llm-queue-defects.test.ts', 'B2-6: a request that needs no model runs at once and blocks nobody'],
      ],
    },
    {
      id: 'E35',
      what: 'Requests per user and window, with the exact wait',
      shown: [
        ['test/client/llm-queue-defects.test.ts', 'B2-10: the wait that a limited user is told is exact'],
        ['test/client/llm-queue-telemetry.test.ts', 'counts by a clock that does not jump'],
        ['test/client/llm-queue-defects.test.ts', 'B2-1: a missing user id is refused as what it is, and stored'],
      ],
    },
    {
      id: 'E36',
      what: 'Stores for user limits, in memory and in Redis',
      shown: [
        [
          'test/client/llm-queue-telemetry.test.ts',
          'is connected before the first request, and asked with the limits of the configuration, or 40 per 60 s',
        ],
        [
          'test/stores/in-memory-user-limits.test.ts',
          'never allow more than the limit in any window, refuse nothing that fits, and name the first moment that does',
        ],
        ['test/stores/in-memory-user-limits.test.ts', 'forget users whose window is empty'],
        ['test/stores/redis-user-limits.test.ts', 'are one limit for all processes'],
        ['test/stores/redis-user-limits.test.ts', 'hold no more than the limit for a user, and nothing once the window is over'],
      ],
    },
    {
      id: 'E37',
      what: 'Telemetry records and their stores',
      shown: [
        [
          'test/client/llm-queue-telemetry.test.ts',
          'tells each moment in milliseconds, what was chosen, and the tokens that the executor wrote',
        ],
        ['test/client/llm-queue-defects.test.ts', 'B2-10: every kind of failure is stored'],
        ['test/client/llm-queue-telemetry.test.ts', 'that is slow gets every record, in order, before it is disconnected'],
        ['test/client/llm-queue-telemetry.test.ts', 'that fails breaks no request; each lost record is logged and counted'],
        [
          'test/stores/csv-telemetry-store.test.ts',
          'begins with a header where the file is missing, and has all 14 fields with their defaults',
        ],
        ['test/stores/telemetry-sinks.test.ts', 'is in order, whatever the size of its batches, and goes on where it was'],
        ['test/stores/telemetry-writer.test.ts', 'nothing is lost and nothing is stored twice, whatever the sink does and whenever'],
        ['test/gateway/telemetry-record.test.ts', 'has the 14 fields that every record has, and what the gateway knows besides'],
      ],
    },
  ],
};
