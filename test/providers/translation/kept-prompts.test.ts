import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { Endpoint, WireStream } from '../../../src/providers/provider.ts';
import { sendTranslated } from '../../../src/providers/translation/send-translated.ts';
import { translationFor } from '../../../src/providers/translation/translation-for.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const CHUNK = { data: JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] }) };
const START = { event: 'message_start', data: JSON.stringify({ type: 'message_start', message: { id: 'm', model: 'x', usage: {} } }) };

async function* parts(): WireStream['parts'] {
  yield { raw: new Uint8Array(1), events: [START, CHUNK] };
  await new Promise(() => {});
}

/** Its stream never ends. */
const endpoint = {
  preset: { name: 'x' },
  send: () => Promise.resolve({ kind: 'stream', status: 200, headers: {}, parts: parts(), ended: new Promise(() => {}) }),
} as unknown as Endpoint;

async function streaming(from: 'openai-chat' | 'openai-responses' | 'anthropic-messages', to: 'openai-chat' | 'anthropic-messages') {
  const translation = translationFor(from, [to]);
  if (translation === undefined) throw new Error('There is no such translation.');
  const prompt = [{ role: 'user', content: 'Hello there' }];
  const body = { model: 'm', max_tokens: 9, stream: true, [from === 'openai-responses' ? 'input' : 'messages']: prompt };
  if (from === 'openai-responses') Reflect.deleteProperty(body, 'max_tokens');
  const place = { endpoint, deploymentId: 'd', translation, wallMs: 0 };
  const answer = await sendTranslated(place, { format: from, body, signal: new AbortController().signal }, {});
  return { answer, prompt: new WeakRef(prompt) };
}

it.each([
  ['openai-chat', 'anthropic-messages'],
  ['anthropic-messages', 'openai-chat'],
  ['openai-responses', 'openai-chat'],
  ['openai-responses', 'anthropic-messages'],
] as const)('a stream of a call from %s to %s keeps no prompt for as long as it lasts', async (from, to) => {
  const { answer, prompt } = await streaming(from, to);
  await new Promise(setImmediate);
  collect();

  expect(prompt.deref()).toBeUndefined();
  expect(answer.kind).toBe('stream');
});
