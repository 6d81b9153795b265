/** What was asked, how long it took and what it cost: the client's own metrics, and the engine's, written as Prometheus text. */
import { getLlmManager, MetricsMiddleware } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';
import { firstValueFrom } from 'rxjs';

let calls = 0;
const simulator = await startSimulator({
  limits: [],
  // The third call fails once, and is tried again; the last one is wrong for good.
  script: () => {
    calls += 1;
    if (calls === 3) return { fault: 'serverError' };
    return calls === 7 ? { fault: 'promptTooLong' } : { outputTokens: 10 };
  },
});
const manager = await getLlmManager({
  providers: { openai: { apiKeys: 'any', models: 'gpt-4o', settings: { baseUrl: `${simulator.url}/v1` } } },
});
const client = manager.getClient('openai');

for (let index = 0; index < 6; index++) {
  await client.chat(`Question ${index}`).catch((error: Error) => console.log(`${error.name}: ${error.message.split('\n')[0]}`));
}

const metrics = client.middlewareChain.getMiddleware(MetricsMiddleware)?.getMetrics();
if (metrics === undefined) throw new Error('Metrics are off: global.metricsEnabled.');
console.log(`requests ${metrics.totalRequests}, success rate ${metrics.successRate.toFixed(2)}, retries ${metrics.retries}`);
console.log(`average latency known: ${metrics.avgLatency > 0}`);

/** One line for each figure of each model, as Prometheus reads them. */
function prometheus(name: string, byModel: Record<string, number>): string {
  return [`# TYPE ${name} counter`, ...Object.entries(byModel).map(([model, value]) => `${name}{model="${model}"} ${value}`)].join('\n');
}
const by = (field: 'totalRequests' | 'completionTokens') =>
  Object.fromEntries(Object.entries(metrics.byModel).map(([model, counted]) => [model, counted[field]]));
console.log(prometheus('llm_requests_total', by('totalRequests')));
console.log(prometheus('llm_completion_tokens_total', by('completionTokens')));

const { models } = await firstValueFrom(manager.queues.metrics$);
for (const { completed, failed, retried } of Object.values(models))
  console.log(`engine: ${completed} completed, ${failed} failed, ${retried} retried`);

await manager.close();
await simulator.close();
