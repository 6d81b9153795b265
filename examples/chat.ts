/** A client of Headgate's own: one provider, all its keys behind one queue. Here it talks to a simulated provider; for the real one leave `baseUrl` out. */
import { getLlmManager, LLMProvider, Message, MessageRole } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';
import { z } from 'zod';

const answers = ['Paris.', 'Madrid.', '{"city":"Lisbon","country":"Portugal"}'];
const simulator = await startSimulator({ limits: [], dialect: 'anthropic', script: () => ({ text: answers.shift() ?? '' }) });

// The same as in a file: `getLlmManager('config.yaml')`. Without an argument it reads HEADGATE_CONFIG or ./config/llm.yaml.
const manager = await getLlmManager({
  providers: {
    anthropic: {
      apiKeys: ['sk-ant-first-00001', 'sk-ant-second-0002'],
      models: 'claude-sonnet',
      rateLimits: { requestsPerMinute: 50, inputTokensPerMinute: 50_000, outputTokensPerMinute: 10_000 },
      settings: { baseUrl: simulator.url },
    },
  },
});
const client = manager.getClient(LLMProvider.ANTHROPIC);

// A whole answer, with what it cost.
const messages = [new Message(MessageRole.USER, 'What is the capital of France?')];
const response = await client.complete(messages, { maxTokens: 100, temperature: 0 });
console.log(response.content);
console.log(`${response.finishReason}, ${response.usage.promptTokens} tokens in, ${response.usage.completionTokens} out`);

// Only the text.
console.log(await client.chat('And of Spain?', { system: 'Answer with one word.' }));

// An object, checked by a zod schema.
const { parsed } = await client.complete('Name another one.', { schema: z.object({ city: z.string(), country: z.string() }) });
console.log(`${parsed.city} in ${parsed.country}`);

await manager.close();
await simulator.close();
