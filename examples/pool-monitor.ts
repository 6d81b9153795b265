/** What the keys and the queue of a client are doing, while it works: `getStatus`, and the engine's streams below it. */
import { getLlmManager } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';
import { filter, sampleTime, take } from 'rxjs';

const simulator = await startSimulator({
  apiKeys: ['sk-first-000001', 'sk-second-00002'],
  limits: [
    { type: 'rpm', limit: 30, windowMs: 60_000, mechanism: 'sliding' },
    { type: 'tpm', limit: 5_000, windowMs: 60_000, mechanism: 'sliding' },
  ],
  latency: { headersMs: { min: 200, max: 400 } },
});
const manager = await getLlmManager({
  providers: {
    openai: {
      apiKeys: ['sk-first-000001', 'sk-second-00002'],
      models: 'gpt-4o',
      rateLimits: { requestsPerMinute: 30, totalTokensPerMinute: 5_000 },
      settings: { baseUrl: `${simulator.url}/v1` },
    },
  },
});
const client = manager.getClient('openai');

function show(when: string): void {
  const { availableClients, totalClients, inUseClients, queueSize, clientStatuses } = client.getStatus();
  console.log(`${when}: ${availableClients} of ${totalClients} clients available, ${inUseClients} in use, ${queueSize} waiting`);
  for (const { clientId, totalRequests, errorCount, state, rateLimitStatus } of clientStatuses) {
    const { requestsRemaining, tokensRemaining } = rateLimitStatus;
    console.log(
      `  ${clientId} (${state}): ${totalRequests} requests, ${errorCount} errors, ${requestsRemaining} requests and ${tokensRemaining} tokens left`,
    );
  }
}

// The engine below tells of everything; `metrics$` samples four times a second while somebody listens.
manager.queues.events$
  .pipe(
    filter(({ type }) => type === 'request-completed'),
    sampleTime(100),
    take(1),
  )
  .subscribe(({ type }) => console.log(type));

show('before');
const calls = Array.from({ length: 10 }, (_, index) => client.complete(`Question ${index}`, { maxTokens: 20 }));
await Promise.race(calls);
show('meanwhile');
await Promise.all(calls);
show('after');

await manager.close();
await simulator.close();
