/**
 * LangChain.js behind Headgate: its OpenAI model takes a `fetch` like the SDK below it. With `{}` nothing is configured:
 * model, key and endpoint are those of each call, and the limits are learned from the provider's answers.
 */
import { ChatOpenAI } from '@langchain/openai';
import { createHeadgate } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';

const simulator = await startSimulator({ limits: [{ type: 'rpm', limit: 20, windowMs: 1_000, mechanism: 'sliding' }] });

const headgate = await createHeadgate({});
const model = new ChatOpenAI({
  model: 'gpt-4o',
  maxTokens: 8,
  maxRetries: 0,
  apiKey: 'any', // the real API: your key, and no baseURL
  configuration: { baseURL: `${simulator.url}/v1`, fetch: headgate.fetch() },
});

const one = await model.invoke('Name a town.');
console.log(`one answer: ${typeof one.content}`);

// Ten at once; `batch` has no limit of its own here, Headgate keeps them.
const many = await model.batch(Array.from({ length: 10 }, (_, index) => `Name town number ${index}.`));
console.log(`a batch of ${many.length}`);

let text = '';
for await (const chunk of await model.stream('Count. [[simulate: output_tokens=5]]')) text += chunk.content;
console.log(`streamed:${text}`);

const { accepted, refused } = simulator.provider.stats();
console.log(`the provider: ${accepted} accepted, ${refused} refused`);
await headgate.close();
await simulator.close();
