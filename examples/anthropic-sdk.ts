/**
 * The official Anthropic SDK behind Headgate, with two keys: each has limits of its own, so two have twice the room.
 * For the real API leave out `baseUrl`, and name your keys' variables: `apiKey: 'env:ANTHROPIC_KEY_A'`.
 */
import Anthropic from '@anthropic-ai/sdk';
import { createHeadgate } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';

const keys = ['sk-ant-first-00001', 'sk-ant-second-0002'];
const simulator = await startSimulator({
  apiKeys: keys,
  limits: [{ type: 'rpm', limit: 10, windowMs: 1_000, mechanism: 'sliding' }],
});

const headgate = await createHeadgate({
  models: {
    'claude-sonnet': {
      deployments: keys.map((apiKey) => ({
        provider: 'anthropic',
        baseUrl: simulator.url,
        apiKey,
        rateLimiters: [{ type: 'rpm', limit: 10, timePeriod: 1 }],
      })),
    },
  },
});
const anthropic = new Anthropic({ fetch: headgate.fetch(), maxRetries: 0, apiKey: 'the deployments have their own' });

const questions = Array.from({ length: 30 }, (_, index) => ({ role: 'user' as const, content: `Name town number ${index}.` }));
const messages = await Promise.all(
  questions.map((question) => anthropic.messages.create({ model: 'claude-sonnet', max_tokens: 8, messages: [question] })),
);
console.log(`${messages.filter(({ content }) => content[0]?.type === 'text').length} answers`);

const stream = anthropic.messages.stream({
  model: 'claude-sonnet',
  max_tokens: 8,
  messages: [{ role: 'user', content: 'Count. [[simulate: output_tokens=5]]' }],
});
console.log(`streamed:${await stream.finalText()}`);

for (const { id } of headgate.status().deployments) console.log(`deployment ${id}`);
for (const { key, accepted } of simulator.provider.stats().limits) console.log(`key ${key}: ${accepted} requests`);
console.log(`refused: ${simulator.provider.stats().refused}`);
await headgate.close();
await simulator.close();
