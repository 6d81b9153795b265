/** At a limit: work waits by itself. What you decide is how long it may wait, and what can never fit fails at once. */
import { RateLimitExceeded } from 'headgate';
import { getLlmManager, LLMRateLimitError } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';

const simulator = await startSimulator({ limits: [{ type: 'rpm', limit: 5, windowMs: 1_000, mechanism: 'sliding' }] });
const manager = await getLlmManager({
  models: {
    'gpt-4o': {
      deployments: [
        {
          provider: 'openai',
          baseUrl: `${simulator.url}/v1`,
          apiKey: 'any',
          rateLimiters: [
            { type: 'rpm', limit: 5, timePeriod: 1 },
            { type: 'tpm', limit: 5_000 },
          ],
        },
      ],
    },
  },
});
const client = manager.getClient('openai');

// 1. Is there room? Every key's limits, as they stand.
await client.chat('Hello', { maxTokens: 8 });
const [status] = client.getStatus().clientStatuses;
console.log(`${status?.rateLimitStatus.requestsRemaining} of 5 requests left`);

// 2. Nothing to do: the sixth call waits for its turn.
const startedAt = Date.now();
await Promise.all(Array.from({ length: 6 }, (_, index) => client.chat(`Question ${index}`, { maxTokens: 8 })));
console.log(`six calls, five a second: it took more than a second: ${Date.now() - startedAt > 1_000}`);

// 3. An answer that would come too late: give a deadline. The call is not made any more.
const late = Array.from({ length: 12 }, (_, index) =>
  client.chat(`Quick question ${index}`, { maxTokens: 8, deadline: Date.now() + 500 }).catch((error: unknown) => error),
);
const errors = (await Promise.all(late)).filter((answer) => answer instanceof LLMRateLimitError);
console.log(`with a deadline: some gave up: ${errors.length > 0}; may be tried again: ${errors[0]?.retryable}`);

// 4. Larger than the whole limit: waiting cures nothing, so it fails at once and says why.
try {
  await client.chat('Write a book.', { maxTokens: 10_000 });
} catch (error) {
  if (error instanceof RateLimitExceeded) console.log(`too large: more than the whole ${error.limitType} of ${error.limit}`);
}

console.log(`refused by the provider: ${simulator.provider.stats().refused}`);
await manager.close();
await simulator.close();
