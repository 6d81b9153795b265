/** Fifty prompts at once on three keys: what the limits don't admit yet waits. Nobody has to retry, and nothing is lost. */
import { getLlmManager } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';

const keys = ['sk-first-000001', 'sk-second-00002', 'sk-third-000003'];
const simulator = await startSimulator({
  apiKeys: keys,
  limits: [{ type: 'rpm', limit: 8, windowMs: 1_000, mechanism: 'sliding' }], // 8 a second for each key
  latency: { headersMs: { min: 50, max: 150 } },
});

const manager = await getLlmManager({
  models: {
    'gpt-4o': {
      deployments: keys.map((apiKey) => ({
        provider: 'openai',
        baseUrl: `${simulator.url}/v1`,
        apiKey,
        rateLimiters: [{ type: 'rpm', limit: 8, timePeriod: 1 }],
      })),
    },
  },
});
const client = manager.getClient('openai');

await client.chat('Hello'); // opens a connection, so that what follows is not a cold start

const startedAt = Date.now();
const prompts = Array.from({ length: 50 }, (_, index) => `What is ${index} times ${index}?`);
const answers = prompts.map((prompt) => client.complete(prompt, { maxTokens: 16 }));
await answers[0];
const { queueSize, inUseClients } = client.getStatus();
console.log(`after the first answer: ${queueSize > 0 ? 'some' : 'none'} wait, ${inUseClients} keys in use`);

const responses = await Promise.all(answers);
console.log(`${responses.length} answers in ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`);
for (const { clientId, totalRequests } of client.getStatus().clientStatuses) console.log(`${clientId}: ${totalRequests} calls`);
console.log(`the provider refused ${simulator.provider.stats().refused}`);

await manager.close();
await simulator.close();
