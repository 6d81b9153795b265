/**
 * Vercel's AI SDK (`ai` 7; 6 works the same) in both ways: models that call through Headgate's `fetch`, and any model at
 * all wrapped in its middleware. For the real API leave out `baseURL` and give your own key.
 */
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText, wrapLanguageModel } from 'ai';
import { createHeadgate } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';

const simulator = await startSimulator({ limits: [{ type: 'rpm', limit: 20, windowMs: 1_000, mechanism: 'sliding' }] });
const provider = { baseURL: `${simulator.url}/v1`, apiKey: 'any' };

// The limit is the model's; the calls go to whatever endpoint and key the SDK uses.
const headgate = await createHeadgate({ models: { 'gpt-4o': { rateLimiters: [{ type: 'rpm', limit: 20, timePeriod: 1 }] } } });

// Through fetch: everything that this provider object makes is queued.
const openai = createOpenAI({ ...provider, fetch: headgate.fetch() });
const prompts = Array.from({ length: 30 }, (_, index) => `What is ${index} squared?`);
const answers = await Promise.all(
  prompts.map((prompt) => generateText({ model: openai.chat('gpt-4o'), prompt, maxOutputTokens: 8, maxRetries: 0 })),
);
console.log(`${answers.filter(({ text }) => text.length > 0).length} answers through fetch`);

// Through the middleware: for models that have no `fetch`, or where only some are to be queued.
const model = wrapLanguageModel({ model: createOpenAI(provider).chat('gpt-4o'), middleware: headgate.middleware() });
const { textStream, usage } = streamText({ model, prompt: 'Count. [[simulate: output_tokens=5]]', maxOutputTokens: 8, maxRetries: 0 });
let text = '';
for await (const part of textStream) text += part;
console.log(`streamed through the middleware:${text} (${(await usage).outputTokens} tokens)`);

const { accepted, refused } = simulator.provider.stats();
console.log(`the provider: ${accepted} accepted, ${refused} refused`);
await headgate.close();
await simulator.close();
