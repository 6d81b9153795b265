/** An answer piece by piece: as texts, as typed events, and left in the middle. */
import { getLlmManager } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';

const simulator = await startSimulator({
  limits: [],
  latency: { headersMs: { min: 20, max: 20 }, bodyMs: { min: 100, max: 100 } },
  script: () => ({ text: 'One, two, three, four, five.' }),
});
const manager = await getLlmManager({
  providers: { openai: { apiKeys: 'any', models: 'gpt-4o', settings: { baseUrl: `${simulator.url}/v1` } } },
});
const client = manager.getClient('openai');

// Texts. Until the first one another key or a retry can still take over; afterwards nothing is sent twice.
const story = client.streamComplete('Count to five.', { maxTokens: 100 });
let pieces = 0;
for await (const text of story) {
  process.stdout.write(text);
  pieces += 1;
}
const { usage, finishReason } = await story.response;
console.log(`\nin pieces: ${pieces > 1}, ${usage.completionTokens} tokens, ${finishReason}`);

// Typed events: texts, parts of tool calls, usage, and the whole answer last.
const seen = new Set<string>();
for await (const event of client.stream('Again.')) seen.add(event.type);
console.log(`events: ${[...seen].join(', ')}`);

// Whoever leaves the loop gives the call up: the provider's connection is closed and the slot is free.
for await (const text of client.streamComplete('Once more.')) {
  console.log(`left after: ${text}`);
  break;
}
const { inUseClients } = client.getStatus();
console.log(`calls that still run: ${inUseClients}`);

await manager.close();
await simulator.close();
