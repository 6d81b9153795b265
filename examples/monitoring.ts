/** What a gateway tells of itself: health, metrics for Prometheus, the status at one moment, and the same as a stream. */
import { createGateway } from 'headgate/gateway';
import { startSimulator } from 'headgate/simulator';
import { watchGateway } from 'headgate/watch';
import OpenAI from 'openai';
import { filter, firstValueFrom } from 'rxjs';

const provider = await startSimulator({ limits: [] });
const gateway = await createGateway({
  models: {
    'gpt-4o': {
      rateLimiters: [{ type: 'rpm', limit: 10, timePeriod: 1 }],
      deployments: [{ id: 'east', provider: 'openai', baseUrl: `${provider.url}/v1`, apiKey: 'any' }],
    },
  },
  prices: { 'gpt-4o': { input: 2.5, output: 10 } }, // for 1,000,000 tokens
  gateway: { database: 'sqlite::memory:' },
  telemetry: { sink: 'none' },
});
const url = await gateway.listen({ port: 0 });
for (const path of ['/healthz', '/readyz']) console.log(path, (await fetch(url + path)).status);

const watch = watchGateway(url);
const busiest = firstValueFrom(watch.metrics$.pipe(filter(({ queueSize }) => queueSize > 0)));
const over = watch.status$.pipe(filter(({ models }) => models[0]?.completed === 20));
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'not needed yet' });
const calls = Array.from({ length: 20 }, (_, index) =>
  openai.chat.completions.create({
    model: 'gpt-4o',
    max_tokens: 10,
    messages: [{ role: 'user', content: `What is ${index}? [[simulate: output_tokens=10]]` }],
  }),
);
console.log('some waited:', (await busiest).queueSize > 0);
await Promise.all(calls);
const { models, deployments, tenants } = await firstValueFrom(over);
console.log('completed:', models[0]?.completed, '- waiting:', models[0]?.queueSize);
console.log('east:', deployments[0]?.state, '- circuit', deployments[0]?.circuit);
console.log('output tokens of everybody:', tenants[0]?.tokens.output);
watch.close();

const metrics = await (await fetch(`${url}/metrics`)).text();
const wanted = /^headgate_(requests_total|attempts_total|tokens_total\{.*kind="output"|cost_total|queue_depth)/;
for (const line of metrics.split('\n').filter((text) => wanted.test(text))) console.log(line);

await gateway.close();
await provider.close();
