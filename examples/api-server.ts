/** An HTTP server in front of a model: users, their limits and errors as status codes, and a caller who leaves takes the request back. */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { SchedulerQueueFullError } from 'headgate';
import { LLMQueue, UserIdHeaderMissingError, UserRateLimitExceededError } from 'headgate/client';

const queue = new LLMQueue({
  llmConfig: {
    models: { 'gpt-4o': { deployments: [{ provider: 'openai', apiKey: 'any', rateLimiters: [{ type: 'rpm', limit: 6_000 }] }] } },
    userLimits: { maxNumRequestsInTimeWindow: 2, timeWindowInSeconds: 60 },
    schedulerLimits: { maxQueueSize: 1_000, requestTimeoutSeconds: 30 },
  },
  // In place of a call to a provider.
  requestExecutors: { '/chat': { processRequest: (question) => `You asked: ${question}` } },
});
await queue.initiate();

const server = createServer(async (request, response) => {
  const left = new AbortController();
  response.on('close', () => left.abort());
  const answer = (status: number, body: unknown, headers = {}) => response.writeHead(status, headers).end(`${body}\n`);
  try {
    const userId = String(request.headers['user-id'] ?? '');
    const requestData = await text(request);
    const { statusCode, response: body } = await queue.executeRequest({
      reqType: request.url ?? '',
      requestData,
      userId,
      signal: left.signal,
    });
    answer(statusCode, body);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof UserIdHeaderMissingError) answer(401, message);
    else if (error instanceof UserRateLimitExceededError) answer(429, message, { 'retry-after': Math.ceil(error.retryAfterSeconds) });
    else if (error instanceof SchedulerQueueFullError) answer(503, message, { 'retry-after': 1 });
    else answer(504, message);
  }
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const url = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';

/** A user's browser. */
async function ask(path: string, headers: Record<string, string>, body: string): Promise<void> {
  const response = await fetch(url + path, { method: 'POST', headers, body });
  console.log(`${response.status} ${(await response.text()).trim()} ${response.headers.get('retry-after') ?? ''}`.trim());
}

await ask('/chat', { 'user-id': 'anna' }, 'What is a weir?');
await ask('/chat', {}, 'Who am I?');
await ask('/picture', { 'user-id': 'ben' }, 'A weir');
await ask('/chat', { 'user-id': 'anna' }, 'And a sluice?');
await ask('/chat', { 'user-id': 'anna' }, 'And a lock?');

server.close();
await queue.gracefulShutdown();
