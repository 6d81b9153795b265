/** Many users on one queue: each may send so much in a window, nobody takes all, and every request leaves a line of telemetry. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CSVTelemetryDataStore, LLMQueue, UserIdHeaderMissingError, UserRateLimitExceededError } from 'headgate/client';

const folder = mkdtempSync(join(tmpdir(), 'headgate-telemetry-'));
const file = join(folder, 'telemetry.csv');

const queue = new LLMQueue({
  llmConfig: {
    models: { 'gpt-4o': { deployments: [{ provider: 'openai', apiKey: 'any', rateLimiters: [{ type: 'rpm', limit: 6_000 }] }] } },
    userLimits: { maxNumRequestsInTimeWindow: 3, timeWindowInSeconds: 60 },
    schedulerLimits: { maxQueueSize: 100, requestTimeoutSeconds: 30 },
  },
  // In place of a call to a provider.
  requestExecutors: { chat: { processRequest: (question) => `You asked: ${question}` } },
  telemetryStoreAdapter: new CSVTelemetryDataStore(file),
});
await queue.initiate();

/** Asks for a user, and says what became of it as an HTTP server would. */
async function ask(userId: string, question: string): Promise<string> {
  try {
    const { statusCode, response } = await queue.executeRequest({ reqType: 'chat', requestData: question, userId });
    return `${statusCode} ${response}`;
  } catch (error) {
    if (error instanceof UserRateLimitExceededError) return `429 retry-after ${Math.ceil(error.retryAfterSeconds)}`;
    if (error instanceof UserIdHeaderMissingError) return `401 ${error.message}`;
    throw error;
  }
}

for (const question of ['one', 'two', 'three', 'four']) console.log(`anna: ${await ask('anna', question)}`);
console.log(`ben: ${await ask('ben', 'one')}`);
console.log(`nobody: ${await ask('', 'one')}`);

await queue.gracefulShutdown();
const [header = '', ...lines] = readFileSync(file, 'utf8').trim().split('\r\n');
console.log(`${lines.length} lines of telemetry with ${header.split(',').length} fields`);
console.log(`refused: ${lines.filter((line) => line.endsWith('RATE LIMIT EXCEEDED')).length}`);
rmSync(folder, { recursive: true });
