/** Who goes first: tenants share what there is, by weight; inside a tenant priority counts, and a duplicate is one call. */
import { QueueManager, type QueueRequest, type RequestInput } from 'headgate';
import { VirtualClock } from 'headgate/testing';

const MODEL = 'gpt-4o';
const clock = new VirtualClock();
const order: string[] = [];

const manager = new QueueManager<string, void>({ clock });
manager.registerQueue(
  {
    modelId: MODEL,
    rateLimiters: [{ type: 'concurrent', limit: 1 }],
    tenants: { big: { weight: 2 } }, // twice the share of the others
    requestTimeoutSeconds: 60,
  },
  async ({ params }: QueueRequest<string>) => {
    order.push(params);
  },
);

async function run(title: string, requests: readonly Omit<RequestInput<string>, 'modelId'>[]): Promise<void> {
  order.length = 0;
  const handles = requests.map((request) => manager.submit({ modelId: MODEL, ...request }));
  const responses = Promise.all(handles.map((handle) => handle.response));
  await clock.advanceUntil(() => manager.getQueueInfo(MODEL).queueSize === 0);
  await responses;
  console.log(`${title}: ${order.join(' ')}`);
}

await run('priority', [
  { params: 'low', priority: -2 },
  { params: 'normal' },
  { params: 'urgent', priority: 5 }, // worth 25 s of waiting: it never starves what is older than that
]);

await run('tenants', [
  ...Array.from({ length: 8 }, (_, i) => ({ params: `big${i}`, tenant: 'big', estimatedInputTokens: 100 })),
  ...Array.from({ length: 4 }, (_, i) => ({ params: `small${i}`, tenant: 'small', estimatedInputTokens: 100 })),
]);

await run('equal dedupeKey', [
  { params: 'summary', dedupeKey: 'article-7' },
  { params: 'summary', dedupeKey: 'article-7' },
  { params: 'other' },
]);

await manager.shutdownAll();
