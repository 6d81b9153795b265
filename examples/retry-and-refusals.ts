/** A failed attempt is retried and counts; a provider's refusal (429) pauses the limit, costs no attempt, and loses nothing. */
import { QueueManager, type QueueRequest, RateLimitRefused } from 'headgate';

const MODEL = 'gpt-4o';
const calls: Record<string, number> = {};

async function callModel({ id }: QueueRequest): Promise<string> {
  const call = (calls[id] ?? 0) + 1;
  calls[id] = call;
  // Any error with `retryable: true`, a 5xx status or a network error is tried again; plain errors are not.
  if (id === 'flaky' && call < 3) throw Object.assign(new Error('503 from the provider'), { status: 503 });
  if (id === 'broken') throw new Error('400 from the provider');
  // Official SDKs' errors have `status === 429` and are understood as they are; this is the same, said by hand.
  if (id === 'refused' && call === 1) throw new RateLimitRefused({ retryAfterMs: 200, limitType: 'rpm' });
  return 'fine';
}

const manager = new QueueManager<undefined, string>();
manager.registerQueue(
  {
    modelId: MODEL,
    rateLimiters: [{ type: 'rpm', limit: 100 }],
    retry: { maxAttempts: 4, baseDelayMs: 50, maxDelayMs: 500, factor: 2, jitter: 'full' },
  },
  callModel,
);

manager.events$.subscribe((event) => {
  if (event.type === 'request-retried') console.log(`${event.requestId}: attempt ${event.attempt} failed, waits for the next`);
  if (event.type === 'request-refused') console.log(`${event.requestId}: refused, back to its place for ${event.retryAfterMs} ms`);
  if (event.type === 'limit-paused') console.log(`limit ${event.limitType} paused`);
  if (event.type === 'limit-available') console.log(`limit ${event.limitType} available`);
});

for (const id of ['flaky', 'broken', 'refused']) {
  const { status, attempts } = await manager.submitRequest({ modelId: MODEL, id });
  console.log(`${id}: ${status} after ${attempts} attempt(s), ${calls[id]} call(s)`);
}
await manager.shutdownAll();
