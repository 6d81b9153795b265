/** Middleware of your own: a class with the hooks that you need, or a function around the rest of the chain. */
import { getLlmManager, Middleware, type MiddlewareContext, type OnionMiddleware } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';

const simulator = await startSimulator({ limits: [], script: () => ({ text: 'The key is sk-secret-123.' }) });
const manager = await getLlmManager({
  providers: { openai: { apiKeys: 'any', models: 'gpt-4o', settings: { baseUrl: `${simulator.url}/v1` } } },
});
const client = manager.getClient('openai');

/** Hooks: before the call, after the answer, after an error. All are optional. */
class Redaction extends Middleware {
  override processResponse(response: Parameters<NonNullable<Middleware['processResponse']>>[0], context: MiddlewareContext) {
    context['redacted'] = true;
    return { ...response, content: response.content.replace(/sk-[\w-]+/g, '[key]') };
  }
}

/** The onion form: it may answer itself, change the request, or call `next` and look at what comes back. */
const cache = new Map<string, Awaited<ReturnType<OnionMiddleware>>>();
const remember: OnionMiddleware = async (request, next) => {
  if (request.stream) return next(request);
  const question = JSON.stringify(request.messages);
  const known = cache.get(question);
  if (known !== undefined) return known;
  const answer = await next(request);
  cache.set(question, answer);
  return answer;
};

const redaction = new Redaction();
client.middlewareChain.add(remember).add(redaction);

for (const question of ['What is the key?', 'What is the key?', 'And now?']) console.log(`${question} → ${await client.chat(question)}`);
console.log(`calls at the provider: ${simulator.provider.stats().accepted}`);

client.middlewareChain.remove(redaction);
console.log(`without it: ${await client.chat('Once more?')}`);

await manager.close();
await simulator.close();
