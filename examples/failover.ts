/**
 * One model at two deployments: when one breaks, its calls go to the other at once, and callers notice nothing. After five failures in a
 * row its circuit opens, and it is left alone until one probe succeeds.
 */
import { createHeadgate } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';
import OpenAI from 'openai';

const europe = await startSimulator({ limits: [] });
let failures = 0;
const america = await startSimulator({
  limits: [],
  // Every call to this region fails, as in an outage.
  script: () => {
    failures += 1;
    return { fault: 'serverError' };
  },
});

const headgate = await createHeadgate({
  models: {
    'gpt-4o': {
      balancer: 'round-robin',
      deployments: [
        { id: 'europe', provider: 'openai', baseUrl: europe.url, apiKey: 'a', rateLimiters: [{ type: 'rpm', limit: 500 }] },
        { id: 'america', provider: 'openai', baseUrl: america.url, apiKey: 'b', rateLimiters: [{ type: 'rpm', limit: 500 }] },
      ],
    },
  },
});
const openai = new OpenAI({ fetch: headgate.fetch(), maxRetries: 0, apiKey: 'the deployments have their own' });

const state = () =>
  headgate.queues.getQueueInfo('gpt-4o').deployments.map(({ id, state: is, circuit }) => `${id} ${is}, circuit ${circuit}`);
console.log(state().join('; '));

let answered = 0;
for (let index = 0; index < 20; index++) {
  await openai.chat.completions.create({ model: 'gpt-4o', max_tokens: 8, messages: [{ role: 'user', content: `Question ${index}` }] });
  answered += 1;
}
console.log(`${answered} of 20 answered; europe took ${europe.provider.stats().accepted}, america failed ${failures}`);
console.log(state().join('; '));

await headgate.close();
await Promise.all([europe.close(), america.close()]);
