import type { SeedPart } from './seed-row.ts';

export const pointsOfClients: SeedPart = {
  title: 'E38 to E49: clients, errors, configuration',
  about: 'What C brought, and what all three share. All of it is promised now.',
  inScope: () => true,
  rows: [
    {
      id: 'E38',
      what: "The clients' manager",
      shown: [
        ['test/client/llm-manager.test.ts', 'is one, also for callers that ask at the same time, and new after it was closed'],
        ['test/client/llm-manager.test.ts', 'are listed, and the default is named or the first'],
        ['test/client/llm-manager.test.ts', 'are added, replaced (the old one is closed first) and closed while others work'],
      ],
    },
    {
      id: 'E39',
      what: 'Completing and streaming',
      shown: [
        ['test/client/llm-client.test.ts', 'answers with content, usage, model, reason, and where it came from'],
        ['test/client/llm-client.test.ts', 'sends temperature 0; a call wins over the configuration, and other fields go as they are'],
        ['test/client/llm-client.test.ts', 'keeps every system message'],
        ['test/client/llm-client.test.ts', 'give text piece by piece, and the whole answer afterwards'],
        ['test/client/llm-client.test.ts', 'chat and streamChat take a question, a system prompt and what was said before'],
        ['test/client/llm-client.test.ts', 'leaving the loop gives the call up, and everything it held comes back'],
        ['test/client/llm-middleware.test.ts', 'streams pass them: counted with their usage, and as cancelled when they are left'],
      ],
    },
    {
      id: 'E40',
      what: 'The pool and all of its settings',
      shown: [
        ['test/client/pool.test.ts', 'opens minSize clients at the start'],
        ['test/client/pool.test.ts', 'grows on demand at once, up to maxSize'],
        ['test/client/pool.test.ts', 'limited calls wait, first in first out'],
        ['test/client/pool.test.ts', 'ends after acquireTimeout: LLMPoolExhaustedError where every client was busy'],
        ['test/client/pool.test.ts', 'shrinks to minSize when unused for idleTimeout, and grows again'],
        [
          'test/client/pool-clients.test.ts',
          'is renewed after maxLifetime: calls that run keep their connection, which closes after the last',
        ],
        ['test/client/pool.test.ts', 'unused clients are checked by a call that costs nothing; one that fails is left out until it passes'],
        ['test/client/pool.test.ts', 'retryOnError false: one attempt'],
        ['test/client/pool.test.ts', 'has no figures with enableMetrics false'],
        ['test/client/pool.test.ts', 'waits for what runs and what waits, and takes nothing new'],
        ['test/client/llm-defects.test.ts', 'C2-6: a closed pool opens nothing any more, and a closed manager is followed by a new one'],
      ],
    },
    {
      id: 'E41',
      what: "The pool's status",
      shown: [
        ['test/client/pool.test.ts', 'shows keys, calls and limits, never a key'],
        ['test/client/pool.test.ts', 'ends after acquireTimeout: LLMRateLimitError where limits were to blame'],
      ],
    },
    {
      id: 'E42',
      what: 'Balancing over keys by what they have left',
      shown: [
        [
          'test/client/seed-balancing.test.ts',
          'are used for what each has left: all that both limits allow at once, none of them more than its own',
        ],
        ['test/client/llm-manager.test.ts', 'each key serves its own model where nobody names one'],
        ['test/config/expansion.test.ts', 'get a model and limits each, where there is one for each'],
        ['test/client/llm-defects.test.ts', 'C2-5: 50 parallel prompts on 3 keys are all answered'],
      ],
    },
    {
      id: 'E43',
      what: 'Providers behind one interface; counting tokens',
      shown: [
        ['test/providers/presets.test.ts', 'has every provider that is promised'],
        ['test/providers/endpoint-faults.test.ts', '%s, streamed: %s, is an error that says so, the same in process and over sockets'],
        ['test/providers/presets.test.ts', 'takes what is not said from a server that speaks OpenAI, and is found by name and host'],
        ['test/scheduling/estimates-call.test.ts', 'every format counts its own fields'],
        ['test/scheduling/estimates-text.test.ts', '80,000 %s reach the tokenizer in runs of 256 at most, each character once'],
        ['test/engine/token-usage.test.ts', 'reserves characters ÷ 4 and max_tokens, never nothing; what the caller states wins'],
      ],
    },
    {
      id: 'E44',
      what: 'Sessions',
      shown: [
        ['test/client/session-manager.test.ts', 'keeps a conversation in order, the system prompt first'],
        ['test/client/session-manager.test.ts', 'drops the oldest messages beyond maxMessages, and answers to what was dropped'],
        ['test/client/session-manager.test.ts', 'drops the oldest messages beyond maxTokens, never the newest'],
        ['test/client/session-manager.test.ts', 'are kept apart, and their usage is added up'],
        ['test/client/session-manager.test.ts', 'survive export and import as JSON'],
      ],
    },
    {
      id: 'E45',
      what: 'Structured output and fallbacks',
      shown: [
        ['test/client/llm-client.test.ts', 'gives an object of a schema, by a forced tool or by a response format'],
        ['test/client/llm-client.test.ts', 'an answer that does not fit its schema (%s) is one typed error without what was said'],
        ['test/client/headgate.test.ts', 'sends to a fallback what every deployment of a model failed, but not what is wrong itself'],
      ],
      note: 'Fallbacks are a model’s, for `fetch` and `dispatch`; a model that the AI SDK calls itself, and a client of its own, stay with their provider.',
    },
    {
      id: 'E46',
      what: 'Middleware and its order',
      shown: [
        [
          'test/middleware/middleware-chain.test.ts',
          'is Logging, Metrics, own in the order added, Retry, own per attempt, RateLimit, however they are added',
        ],
        ['test/middleware/middleware-chain.test.ts', 'lets errors pass in reverse, and cuts at Retry what runs for each attempt'],
        ['test/middleware/middleware-chain.test.ts', 'share a context, and may change request and response'],
        ['test/middleware/middleware-chain.test.ts', 'finds by class, removes by instance, and takes the same instance once'],
      ],
    },
    {
      id: 'E47',
      what: 'Middleware for logging, metrics, retries and limits',
      shown: [
        ['test/middleware/middlewares.test.ts', 'tells request and response in numbers, without what was said'],
        ['test/middleware/middlewares.test.ts', 'counts successes, failures, retries, tokens and time, in all and by provider and model'],
        ['test/client/llm-middleware.test.ts', 'run once for a request, or once for each attempt, which reserves again'],
        ['test/client/llm-middleware.test.ts', 'a refusal is no attempt: it waits as long as it was told, and is not counted as a retry'],
        ['test/client/llm-middleware.test.ts', 'RetryMiddleware decides how often and how soon; without one nothing is tried again'],
        [
          'test/client/llm-middleware.test.ts',
          'RateLimitMiddleware limits all keys together, beside their own, and goes on counting where another is added',
        ],
        ['test/client/seed-limits.test.ts', 'counts what a call really used, less or more than was reserved for it'],
        ['test/client/llm-defects.test.ts', "C2-3: a limit's no is never passed by"],
      ],
    },
    {
      id: 'E48',
      what: 'Three families of errors under one root, with code, retryable and cause',
      shown: [
        ['test/client/seed-files-and-errors.test.ts', 'are exported by their names, all under one root'],
        ['test/engine/utilities.test.ts', 'have a code each, but for the two ways to name a wait that was too long'],
        ['test/client/llm-queue.test.ts', 'that throws is answered with 500 and a text, whatever it throws'],
        ['test/client/llm-errors.test.ts', 'LLMAuthenticationError: every key was refused; each is asked once'],
        ['test/docs/documents.test.ts', 'name every error class with its code and whether it may be retried'],
      ],
      note: 'Where each one arrives: [errors](errors.md). Rows B6 and C28 have a test for each.',
    },
    {
      id: 'E49',
      what: 'Configuration files of both systems, as printed',
      shown: [
        ['test/config/seed-files.test.ts', 'loads exactly as printed'],
        ['test/config/seed-files.test.ts', "takes the code's spelling where it differs from the document's"],
        ['test/config/yaml-files.test.ts', 'says line and column of the value'],
        ['test/config/environment.test.ts', 'as %s becomes the value of the variable'],
        ['test/config/environment.test.ts', 'may be all of it: the environment alone names providers'],
        ['test/config/any-configuration.test.ts', 'throws InvalidConfiguration or nothing, whatever it is given'],
      ],
    },
  ],
};
