/**
 * A gateway inside a program of one's own, and both official SDKs at its address: they need `baseURL` and nothing else. Calls wait for their
 * turn, and each answer says in its headers how that went. `npx headgate serve` is the same in a process of its own.
 */
import Anthropic from '@anthropic-ai/sdk';
import { createGateway } from 'headgate/gateway';
import { startSimulator } from 'headgate/simulator';
import OpenAI from 'openai';

const limit = { type: 'rpm', limit: 10, timePeriod: 1 } as const; // 10 requests in any second
const provider = await startSimulator({ limits: [{ type: 'rpm', limit: limit.limit, windowMs: 1_000, mechanism: 'sliding' }] });

const gateway = await createGateway({
  models: {
    'gpt-4o': { deployments: [{ id: 'east', provider: 'openai', baseUrl: `${provider.url}/v1`, apiKey: 'any', rateLimiters: [limit] }] },
  },
  gateway: { database: 'sqlite::memory:' },
  telemetry: { sink: 'none' },
});
const url = await gateway.listen({ port: 0 });

const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'not needed yet' });
const anthropic = new Anthropic({ baseURL: url, apiKey: 'not needed yet' });

const { data, response } = await openai.chat.completions
  .create({ model: 'gpt-4o', max_tokens: 8, messages: [{ role: 'user', content: 'Count. [[simulate: output_tokens=5]]' }] })
  .withResponse();
const header = (name: string) => response.headers.get(`x-headgate-${name}`);
console.log(`OpenAI:${data.choices[0]?.message.content}, from ${header('deployment')} in ${header('attempts')} attempt`);

// OpenAI's model, in Anthropic's words.
const message = await anthropic.messages.create({
  model: 'gpt-4o',
  max_tokens: 8,
  messages: [{ role: 'user', content: 'Count. [[simulate: output_tokens=5]]' }],
});
console.log('Anthropic:', message.content[0]?.type, message.usage.output_tokens, 'tokens');

const questions = Array.from({ length: 30 }, (_, index) => `What is ${index} squared?`);
const answers = await Promise.all(
  questions.map((content) => openai.chat.completions.create({ model: 'gpt-4o', max_tokens: 8, messages: [{ role: 'user', content }] })),
);
console.log(`${answers.length} answers; the provider refused ${provider.provider.stats().refused}`);

// A second is too short for all of these: whoever waits longer than that is told so.
const hurried = questions.map((content) =>
  openai.chat.completions
    .create({ model: 'gpt-4o', messages: [{ role: 'user', content }] }, { headers: { 'x-headgate-timeout': '1' } })
    .then(() => 200)
    .catch((error: { status?: number }) => error.status),
);
const statuses = await Promise.all(hurried);
const late = statuses.filter((status) => status === 504).length;
console.log(
  `in a second: some answered ${statuses.includes(200)}, all others too late ${late > 0 && late === statuses.filter((s) => s !== 200).length}`,
);
await gateway.close();
await provider.close();
