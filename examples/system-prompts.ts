/** System prompts: one for a call, several at once, one for a whole conversation, and one changed on the way. */
import { getLlmManager, SessionManager } from 'headgate/client';
import { startSimulator } from 'headgate/simulator';

// It answers with the system prompt that reached it; Anthropic's API has a field of its own for it.
const simulator = await startSimulator({
  limits: [],
  dialect: 'anthropic',
  script: ({ body }) => ({ text: JSON.stringify(body['system']) }),
});
const manager = await getLlmManager({
  providers: { anthropic: { apiKeys: 'any', models: 'claude-sonnet', settings: { baseUrl: simulator.url } } },
});
const client = manager.getClient();

console.log(`one call: ${await client.chat('Hello', { system: 'Answer in French.' })}`);

// Several system messages: none is lost.
const several = await client.complete([
  { role: 'system', content: 'Answer in French.' },
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hello' },
]);
console.log(`several: ${several.content}`);

const session = new SessionManager({ systemPrompt: 'You are a cook.' });
session.addMessage('user', 'Hello');
console.log(`of a conversation: ${(await client.complete(session.getMessages())).content}`);

session.setSystemPrompt('You are a gardener.');
console.log(`changed: ${(await client.complete(session.getMessages())).content}`);

await manager.close();
await simulator.close();
