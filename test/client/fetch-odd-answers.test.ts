import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createHeadgate, type Headgate } from '../../src/client/index.ts';

const KEY = 'sk-secret-key-of-the-deployment';
const EVENT = `data: ${JSON.stringify({ choices: [{ delta: { content: 'hi' } }] })}\n\ndata: [DONE]\n\n`;
const COMPLETION = JSON.stringify({ choices: [{ message: { content: 'hi' } }] });

let server: Server | undefined;
let headgate: Headgate | undefined;

afterEach(async () => {
  await headgate?.close({ force: true });
  server?.close();
});

/** What fetch makes of the bytes of a status line, headers and a body. */
async function answered(
  head: string,
  body: string,
  call: { readonly path?: string; readonly headers?: HeadersInit } = {},
): Promise<Response> {
  const running = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(`HTTP/1.1 ${head}\r\nconnection: close\r\n\r\n${body}`));
  });
  server = running;
  await new Promise<void>((resolve) => running.listen(0, '127.0.0.1', resolve));
  const address = running.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`;
  const deployments = [{ id: 'here', provider: 'openai', baseUrl: url, ...(call.headers === undefined && { apiKey: KEY }) }];
  headgate = await createHeadgate({ models: { m: { deployments, retry: { maxAttempts: 1 } } } }, { env: {} });
  const stream = head.includes('event-stream');
  const init = {
    method: 'POST',
    body: JSON.stringify({ model: 'm', stream, messages: [] }),
    ...(call.headers && { headers: call.headers }),
  };
  return headgate.fetch()('http://anywhere.test/v1/chat/completions', init);
}

it('answers, and does not reject, where the provider\u2019s status is none of HTTP', async () => {
  const response = await answered('999 Denied\r\ncontent-type: application/json', '{"error":{"message":"no bots"}}');

  expect([response.status, response.headers.get('x-should-retry')]).toEqual([502, 'false']);
  expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining("'here'") as string } });
});

it.each([
  ['a stream', '205 Reset\r\ncontent-type: text/event-stream', EVENT],
  ['a whole answer', '205 Reset\r\ncontent-type: application/json', COMPLETION],
])('hands %s on that came with a status that has no body, and holds no place for it', async (_, head, body) => {
  const response = await answered(head, body);

  expect([response.status, await new Response(response.body).text()]).toEqual([200, body]);
  await expect.poll(() => headgate?.status().models[0]?.processing).toBe(0);
});

it.each([
  ['of an answer', 'application/json', COMPLETION],
  ['of a stream', 'text/event-stream', EVENT],
])('shows no key that the headers %s quote', async (_, type, body) => {
  const response = await answered(`200 OK\r\ncontent-type: ${type}\r\nx-echo: Bearer ${KEY}`, body);

  expect(response.headers.get('x-echo')).toBe('Bearer [key]');
  expect(await response.text()).toBe(body);
});

it.each([
  ['x-goog-api-key', KEY],
  ['authorization', KEY],
  ['authorization', `Basic ${KEY}`],
])('knows a key by its header %s, whatever its form, and keeps it out of an error', async (name, value) => {
  const response = await answered('400 Bad\r\ncontent-type: application/json', JSON.stringify({ error: { message: `Bad key ${KEY}` } }), {
    headers: { [name]: value },
  });

  expect(await response.json()).toEqual({ error: { message: 'Bad key [key]' } });
});

it.each([301, 302, 307, 308])('says where a %i points and what to do, and takes no key there', async (status) => {
  let visits = 0;
  const elsewhere = createServer((socket) => {
    visits += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  const address = elsewhere.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

  const response = await answered(`${status} Moved\r\nlocation: ${origin}/v1/chat/completions?token=secret-token`, '');

  const { error } = (await response.json()) as { error: { message: string } };
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([502, 'false']);
  expect(error).toMatchObject({ code: `http_${status}`, message: expect.stringContaining(`'here': HTTP ${status}`) as string });
  expect(error.message).toContain(`set baseUrl to an address at ${origin}.`);
  expect(error.message).not.toContain('secret-token');
  expect(visits).toBe(0);
  elsewhere.close();
});
