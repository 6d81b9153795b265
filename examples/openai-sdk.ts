/**
 * The official OpenAI SDK behind Headgate: one option, `fetch`. Every call waits for its turn within the limits, and nothing is refused.
 * For the real API leave out `baseUrl` and give your own key.
 */
import { createHeadgate } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';
import OpenAI from 'openai';

const limit = { type: 'rpm', limit: 20, timePeriod: 1 } as const; // 20 requests in any second
const simulator = await startSimulator({ limits: [{ type: 'rpm', limit: limit.limit, windowMs: 1_000, mechanism: 'sliding' }] });

const headgate = await createHeadgate({
  models: {
    'gpt-4o': { deployments: [{ provider: 'openai', baseUrl: simulator.url, apiKey: 'any', rateLimiters: [limit] }] },
  },
});
const openai = new OpenAI({ fetch: headgate.fetch(), maxRetries: 0, apiKey: 'the deployment has its own' });

const stream = await openai.chat.completions.create({
  model: 'gpt-4o',
  max_tokens: 8,
  messages: [{ role: 'user', content: 'Count. [[simulate: output_tokens=5]]' }],
  stream: true,
});
let text = '';
for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
console.log(`streamed:${text}`);

const questions = Array.from({ length: 50 }, (_, index) => `What is ${index} squared?`);
const answers = await Promise.all(
  questions.map((content) => openai.chat.completions.create({ model: 'gpt-4o', max_tokens: 8, messages: [{ role: 'user', content }] })),
);
console.log(`${answers.filter(({ choices }) => choices[0]?.message.content).length} answers`);

const { accepted, refused, limits } = simulator.provider.stats();
console.log(`the provider: ${accepted} accepted, ${refused} refused, most in any second ${limits[0]?.mostInAnyWindow} of ${limit.limit}`);
await headgate.close();
await simulator.close();
