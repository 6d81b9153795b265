import type { SeedPart } from './seed-row.ts';

export const systemC: SeedPart = {
  title: 'C: capabilities and defects',
  about: 'A pool of clients with limits, middleware and sessions.',
  inScope: () => false,
  rows: [
    {
      id: 'C1',
      what: 'A manager for the whole process, made on first use',
      shown: [['test/engine/shutdown.test.ts', 'is one, and resetInstance settles every caller']],
      waits: 'providers',
      note: "The engine's is there.",
    },
    { id: 'C2', what: 'Clients by provider, made, listed and closed', waits: 'providers' },
    { id: 'C3', what: 'Anthropic and OpenAI, and a registry for others', waits: 'providers' },
    { id: 'C4', what: 'Messages with roles', waits: 'providers' },
    { id: 'C5', what: 'Completing a conversation', waits: 'providers' },
    { id: 'C6', what: 'Streaming a completion', waits: 'providers' },
    { id: 'C7', what: 'One question, one answer, as text', waits: 'providers' },
    { id: 'C8', what: 'Structured output', waits: 'providers' },
    { id: 'C9', what: 'A YAML configuration of providers, keys, models, limits and pool', waits: 'providers' },
    {
      id: 'C10',
      what: 'Limits per key: requests, input, output and total tokens',
      shown: [['examples/several-limits.ts']],
      note: 'One model queue per key until deployments come.',
    },
    {
      id: 'C11',
      what: 'A token bucket with a burst',
      shown: [
        ['test/limits/token-bucket.test.ts', "a bucket never says less than the provider's own, whenever either counts and gives back"],
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
      ],
      note: 'Its default is safe in every window.',
    },
    {
      id: 'C12',
      what: 'Waiting for a limit',
      shown: [['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken']],
    },
    {
      id: 'C13',
      what: 'Counts of a limiter: accepted, refused, tokens, available',
      shown: [
        ['test/engine/samples.test.ts', 'sample at once and every 250 ms, are frozen, and hold everything that is counted'],
        ['test/engine/rate-limiter.test.ts', 'a window: acquires, counts, waits for the exact moment, first in first out'],
      ],
    },
    {
      id: 'C14',
      what: 'Estimates of tokens per provider',
      shown: [['test/engine/token-usage.test.ts', 'reserves characters ÷ 4 and max_tokens, never nothing; what the caller states wins']],
      waits: 'providers',
      note: 'One estimator that can be replaced is there.',
    },
    { id: 'C15', what: 'Round robin over several limiters', waits: 'providers' },
    { id: 'C16', what: 'A pool of clients, one per key', waits: 'providers' },
    { id: 'C17', what: 'Taking a client from the pool, with a time limit', waits: 'providers' },
    {
      id: 'C18',
      what: 'Requests are queued by themselves when limited',
      shown: [['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken'], ['examples/batch.ts']],
    },
    { id: 'C19', what: 'Health of clients', waits: 'providers' },
    { id: 'C20', what: "The pool's status", waits: 'providers' },
    { id: 'C21', what: 'Closing the pool', waits: 'providers' },
    { id: 'C22', what: 'Middleware with three hooks', waits: 'providers' },
    { id: 'C23', what: 'Middleware for logging', waits: 'providers' },
    {
      id: 'C24',
      what: 'Middleware for metrics',
      shown: [['test/engine/samples.test.ts', 'sample at once and every 250 ms, are frozen, and hold everything that is counted']],
      waits: 'providers',
      note: 'Sampled metrics of the engine are there.',
    },
    {
      id: 'C25',
      what: 'Middleware for retries',
      shown: [['test/engine/status-stream.test.ts', 'retry: backoff is pending and holds no slot']],
      waits: 'providers',
      note: 'The one retry layer it will configure is there.',
    },
    { id: 'C26', what: 'Middleware for limits', waits: 'providers' },
    { id: 'C27', what: 'Sessions that keep a conversation', waits: 'providers' },
    { id: 'C28', what: 'A family of errors', waits: 'providers' },
    {
      id: 'C29',
      what: 'Scripts: a check, an interactive session, a load test',
      shown: [
        ['test/e2e/cli-run.test.ts', 'answers every line once, within the limits, and says what it did'],
        ['test/e2e/cli-commands.test.ts', 'prints its URL as the first line, enforces its limits, tells what it saw, and ends on a signal'],
      ],
      waits: 'providers',
      note: 'A batch run, a simulated provider and benchmarks are there.',
    },
    {
      id: 'CD1',
      what: 'Retries never ran again',
      shown: [['test/engine/status-stream.test.ts', 'retry: backoff is pending and holds no slot']],
    },
    {
      id: 'CD2',
      what: 'A bucket gave back what was never taken',
      shown: [
        [
          'test/invariants/capacity-returns.test.ts',
          'all capacity returns when idle, after every mixture of success, failure, cancel, timeout and refusal',
        ],
      ],
    },
    {
      id: 'CD3',
      what: "A limit's no was passed by",
      shown: [
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
      ],
    },
    {
      id: 'CD4',
      what: 'A bucket started with more than the limit',
      shown: [
        [
          'test/invariants/limits-kept.test.ts',
          'no limit is exceeded in any window of a provider that counts anywhere between the write and the response',
        ],
      ],
    },
    {
      id: 'CD5',
      what: 'Parallel calls failed instead of waiting',
      shown: [
        ['test/engine/rate-limiter.test.ts', 'a window: acquires, counts, waits for the exact moment, first in first out'],
        ['examples/batch.ts'],
      ],
    },
    {
      id: 'CD6',
      what: 'A closed pool grew again; a closed manager could not be replaced',
      shown: [['test/engine/shutdown.test.ts', 'is one, and resetInstance settles every caller']],
      waits: 'providers',
      note: "The engine's manager can be replaced after a reset.",
    },
  ],
};
