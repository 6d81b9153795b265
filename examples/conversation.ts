/** A conversation that remembers: history, system prompt, trimming, usage, and saving it for another day. */
import { getLlmManager, SessionManager } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';

// It answers with what it was told, so that one sees what was sent.
const simulator = await startSimulator({
  limits: [],
  script: ({ body }) => ({ text: Array.isArray(body['messages']) ? `I see ${body['messages'].length} messages.` : '' }),
});
const manager = await getLlmManager({
  providers: { openai: { apiKeys: 'any', models: 'gpt-4o', settings: { baseUrl: `${simulator.url}/v1` } } },
});
const client = manager.getClient();

const session = new SessionManager({ systemPrompt: 'You are a guide to Lisbon.', maxMessages: 6 });
for (const question of ['What should I see first?', 'And then?', 'Where do I eat?', 'How do I get back?']) {
  session.addMessage('user', question);
  const response = await client.complete(session.getMessages());
  session.addResponse(response);
  console.log(`${question} → ${response.content}`);
}
console.log(
  `kept: ${session
    .getMessages()
    .map(({ role }) => role)
    .join(' ')}`,
);
console.log(`used: ${session.usage.requests} requests, ${session.usage.totalTokens} tokens`);

// As plain data, for a file or a database.
const saved = JSON.stringify(session.export());
const resumed = SessionManager.import(saved, { maxMessages: 6 });
resumed.addMessage('user', 'Where were we?');
console.log(`resumed: ${(await client.complete(resumed.getMessages())).content}`);

// Several conversations beside each other.
resumed.use('another guest').addMessage('user', 'Hello');
console.log(`sessions: ${resumed.names.join(', ')}`);

await manager.close();
await simulator.close();
