import type { SeedPart } from './seed-row.ts';

export const systemC: SeedPart = {
  title: 'C: capabilities',
  about: 'A pool of clients with limits, middleware and sessions.',
  inScope: () => true,
  rows: [
    {
      id: 'C1',
      what: 'A manager for the whole process, made on first use',
      shown: [['test/client/llm-manager.test.ts', 'is one, also for callers that ask at the same time, and new after it was closed']],
    },
    {
      id: 'C2',
      what: 'Clients by provider, made, listed and closed',
      shown: [
        ['test/client/llm-manager.test.ts', 'are listed, and the default is named or the first'],
        ['test/client/llm-manager.test.ts', 'are added, replaced (the old one is closed first) and closed while others work'],
        ['test/client/llm-errors.test.ts', 'LLMConfigurationError: no such provider, and why one was left out'],
        ['test/client/llm-manager.test.ts', 'ends with the block that holds it'],
      ],
    },
    {
      id: 'C3',
      what: 'Anthropic and OpenAI, and a registry for others',
      shown: [
        ['test/providers/presets.test.ts', 'has every provider that is promised'],
        ['test/providers/presets.test.ts', 'takes what is not said from a server that speaks OpenAI, and is found by name and host'],
        ['test/client/llm-manager.test.ts', 'every name of LLMProvider is known'],
      ],
    },
    {
      id: 'C4',
      what: 'Messages with roles',
      shown: [
        ['test/client/seed-limits.test.ts', 'has role, content and metadata, which stays here'],
        ['test/client/llm-client.test.ts', 'keeps every system message'],
        ['test/client/llm-client.test.ts', 'refuses %j as a conversation'],
      ],
    },
    {
      id: 'C5',
      what: 'Completing a conversation',
      shown: [
        ['test/client/llm-client.test.ts', 'answers with content, usage, model, reason, and where it came from'],
        ['test/client/llm-client.test.ts', 'sends temperature 0; a call wins over the configuration, and other fields go as they are'],
      ],
    },
    {
      id: 'C6',
      what: 'Streaming a completion',
      shown: [
        ['test/client/llm-client.test.ts', 'give text piece by piece, and the whole answer afterwards'],
        ['test/client/llm-client.test.ts', 'leaving the loop gives the call up, and everything it held comes back'],
        ['test/client/llm-middleware.test.ts', 'streams pass them: counted with their usage, and as cancelled when they are left'],
      ],
    },
    {
      id: 'C7',
      what: 'One question, one answer, as text',
      shown: [['test/client/llm-client.test.ts', 'chat and streamChat take a question, a system prompt and what was said before']],
    },
    {
      id: 'C8',
      what: 'Structured output',
      shown: [
        ['test/client/llm-client.test.ts', 'gives an object of a schema, by a forced tool or by a response format'],
        ['test/client/llm-client.test.ts', 'an answer that does not fit its schema (%s) is one typed error without what was said'],
      ],
    },
    {
      id: 'C9',
      what: 'A YAML configuration of providers, keys, models, limits and pool',
      shown: [
        ['test/config/seed-files.test.ts', 'loads exactly as printed'],
        ['test/client/llm-manager.test.ts', 'reads the file that HEADGATE_CONFIG names'],
        ['test/client/llm-manager.test.ts', 'without a file takes what the environment says'],
        ['test/config/expansion.test.ts', 'get a model and limits each, where there is one for each'],
        ['test/config/expansion.test.ts', 'must match models and limits in number'],
        ['test/config/expansion.test.ts', 'pass their settings on to what they serve'],
      ],
      note: 'A single model or limit holds for every key.',
    },
    {
      id: 'C10',
      what: 'Limits per key: requests, input, output and total tokens',
      shown: [
        ['test/client/seed-limits.test.ts', 'each key keeps its limit of %s'],
        ['test/client/llm-defects.test.ts', 'C2-5: 50 parallel prompts on 3 keys are all answered'],
      ],
      note: 'No limit is invented where none is given.',
    },
    {
      id: 'C11',
      what: 'A token bucket with a burst',
      shown: [
        ['test/limits/token-bucket.test.ts', "a bucket never says less than the provider's own, whenever either counts and gives back"],
        ['test/client/llm-defects.test.ts', 'C2-4: a minute never holds more than its limit, however many come at once'],
      ],
      note: 'Its default is safe in every window; `burst_multiplier` is taken and not applied.',
    },
    {
      id: 'C12',
      what: 'Waiting for a limit',
      shown: [
        ['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken'],
        ['test/client/pool.test.ts', 'limited calls wait, first in first out'],
        ['test/client/pool.test.ts', 'ends after acquireTimeout: LLMRateLimitError where limits were to blame'],
      ],
    },
    {
      id: 'C13',
      what: 'Counts of a limiter: accepted, refused, tokens, available',
      shown: [
        ['test/engine/samples.test.ts', 'sample at once and every 250 ms, are frozen, and hold everything that is counted'],
        ['test/engine/samples.test.ts', 'of the limiters form and of system A’s first form'],
        ['test/engine/rate-limiter.test.ts', 'a window: acquires, counts, waits for the exact moment, first in first out'],
      ],
    },
    {
      id: 'C14',
      what: 'Estimates of tokens per provider',
      shown: [
        ['test/scheduling/estimates-call.test.ts', 'two messages of six tokens are seventeen, as OpenAI counts them'],
        ['test/scheduling/estimates-call.test.ts', 'every format counts its own fields'],
        ['test/scheduling/estimates-text.test.ts', 'prose is met within 20 %, Chinese is not underestimated'],
        ['test/engine/token-usage.test.ts', 'reserves characters ÷ 4 and max_tokens, never nothing; what the caller states wins'],
        ['test/scheduling/estimates-call.test.ts', 'usage corrects estimates only where it is what is charged'],
      ],
      note: 'Never by a call to the provider; corrected by what its usage reports.',
    },
    {
      id: 'C15',
      what: 'Round robin over several limiters',
      shown: [
        [
          'test/client/seed-balancing.test.ts',
          'are used for what each has left: all that both limits allow at once, none of them more than its own',
        ],
        ['test/client/seed-balancing.test.ts', 'in turn takes one after the other'],
        ['test/client/pool-clients.test.ts', 'is offered only when it is open; another is opened when all that are open carry calls'],
      ],
      note: 'By the room that each key has left; round robin is one of the balancers.',
    },
    {
      id: 'C16',
      what: 'A pool of clients, one per key',
      shown: [
        ['test/client/pool.test.ts', 'opens minSize clients at the start'],
        ['test/client/pool.test.ts', 'grows on demand at once, up to maxSize'],
        ['test/client/pool.test.ts', 'a client carries many calls at once'],
        ['test/client/pool.test.ts', 'shrinks to minSize when unused for idleTimeout, and grows again'],
        [
          'test/client/pool-clients.test.ts',
          'is renewed after maxLifetime: calls that run keep their connection, which closes after the last',
        ],
      ],
    },
    {
      id: 'C17',
      what: 'Taking a client from the pool, with a time limit',
      shown: [
        ['test/client/pool.test.ts', 'ends after acquireTimeout: LLMPoolExhaustedError where every client was busy'],
        ['test/client/pool.test.ts', 'ends after acquireTimeout: LLMRateLimitError where limits were to blame'],
      ],
    },
    {
      id: 'C18',
      what: 'Requests are queued by themselves when limited',
      shown: [
        ['test/client/llm-defects.test.ts', 'C2-5: 50 parallel prompts on 3 keys are all answered'],
        ['test/invariants/no-wedge.test.ts', 'nothing waits while it has room, and whoever waits is woken'],
        ['examples/fifty-in-parallel.ts'],
      ],
      note: 'For as long as `acquireTimeout` allows.',
    },
    {
      id: 'C19',
      what: 'Health of clients',
      shown: [
        ['test/client/pool.test.ts', 'unused clients are checked by a call that costs nothing; one that fails is left out until it passes'],
      ],
    },
    {
      id: 'C20',
      what: "The pool's status",
      shown: [
        ['test/client/pool.test.ts', 'shows keys, calls and limits, never a key'],
        ['test/client/pool.test.ts', 'ends after acquireTimeout: LLMRateLimitError where limits were to blame'],
        ['examples/pool-monitor.ts'],
      ],
    },
    {
      id: 'C21',
      what: 'Closing the pool',
      shown: [
        ['test/client/pool.test.ts', 'waits for what runs and what waits, and takes nothing new'],
        ['test/client/llm-defects.test.ts', 'C2-6: a closed pool opens nothing any more, and a closed manager is followed by a new one'],
        ['test/client/pool-clients.test.ts', 'a closed pool offers nothing, leases nothing, and closes when the last call is over'],
      ],
    },
    {
      id: 'C22',
      what: 'Middleware with three hooks',
      shown: [
        [
          'test/middleware/middleware-chain.test.ts',
          'is Logging, Metrics, own in the order added, Retry, own per attempt, RateLimit, however they are added',
        ],
        ['test/middleware/middleware-chain.test.ts', 'share a context, and may change request and response'],
        ['test/middleware/middleware-chain.test.ts', 'finds by class, removes by instance, and takes the same instance once'],
        ['test/middleware/middleware-chain.test.ts', 'lets errors pass in reverse, and cuts at Retry what runs for each attempt'],
        ['test/client/llm-middleware.test.ts', 'the example of the module it replaces works as it was meant'],
      ],
    },
    {
      id: 'C23',
      what: 'Middleware for logging',
      shown: [
        ['test/middleware/middlewares.test.ts', 'tells request and response in numbers, without what was said'],
        ['test/middleware/middlewares.test.ts', 'shows shortened content where it is asked to, and logs errors'],
        ['test/middleware/middlewares.test.ts', 'logs only what its options leave on, and a logger that throws breaks nothing'],
      ],
    },
    {
      id: 'C24',
      what: 'Middleware for metrics',
      shown: [
        ['test/middleware/middlewares.test.ts', 'counts successes, failures, retries, tokens and time, in all and by provider and model'],
        ['test/middleware/middlewares.test.ts', 'starts again from nothing; what was running then is not counted'],
        ['examples/metrics-export.ts'],
      ],
    },
    {
      id: 'C25',
      what: 'Middleware for retries',
      shown: [
        ['test/client/llm-middleware.test.ts', 'RetryMiddleware decides how often and how soon; without one nothing is tried again'],
        ['test/client/llm-middleware.test.ts', 'run once for a request, or once for each attempt, which reserves again'],
        ['test/client/llm-middleware.test.ts', 'a refusal is no attempt: it waits as long as it was told, and is not counted as a retry'],
        ['test/middleware/middlewares.test.ts', 'tells the queue how to try again: 4 attempts, 1 s, 60 s, twice as long'],
      ],
      note: 'Each wait is anywhere between 0 and the grown one, instead of ± 25 %.',
    },
    {
      id: 'C26',
      what: 'Middleware for limits',
      shown: [
        [
          'test/client/llm-middleware.test.ts',
          'RateLimitMiddleware limits all keys together, beside their own, and goes on counting where another is added',
        ],
        ['test/client/seed-limits.test.ts', 'counts what a call really used, less or more than was reserved for it'],
        ['test/client/llm-defects.test.ts', "C2-3: a limit's no is never passed by"],
      ],
    },
    {
      id: 'C27',
      what: 'Sessions that keep a conversation',
      shown: [
        ['test/client/session-manager.test.ts', 'keeps a conversation in order, the system prompt first'],
        ['test/client/session-manager.test.ts', 'never splits a tool call from its results, and never loses the prompt, whatever is added'],
        ['test/client/session-manager.test.ts', 'survive export and import as JSON'],
        ['examples/conversation.ts'],
      ],
    },
    {
      id: 'C28',
      what: 'A family of errors',
      shown: [
        ['test/client/llm-errors.test.ts', 'LLMProviderError: the provider refused the request itself, and says which deployment and why'],
        ['test/client/llm-errors.test.ts', 'LLMConnectionError: no answer, on every attempt'],
        ['test/client/llm-errors.test.ts', 'LLMAuthenticationError: every key was refused; each is asked once'],
        ['test/client/llm-errors.test.ts', 'LLMTimeoutError: an attempt took longer than settings.timeout'],
        ['test/client/llm-errors.test.ts', 'LLMRateLimitError: the deadline passed while it was limited, by us or by the provider'],
        ['test/client/pool.test.ts', 'ends after acquireTimeout: LLMPoolExhaustedError where every client was busy'],
        ['test/client/llm-errors.test.ts', 'LLMConfigurationError: no such provider, and why one was left out'],
        ['test/client/llm-errors.test.ts', 'LLMException: the client was closed before the call was done'],
      ],
    },
    {
      id: 'C29',
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
  ],
};
