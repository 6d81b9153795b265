/** The two kinds of limit: so many at once, or so many in any stretch of time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueManager, RateLimiterMode, Timer } from 'headgate';

const CALL_MS = 50;
const REQUESTS = 6;
let running = 0;
let mostAtOnce = 0;

const manager = new QueueManager();
manager.registerAllQueues(
  [
    { modelId: 'two-at-once', rateLimit: 2, rateLimiterMode: RateLimiterMode.CONCURRENT_REQUESTS },
    { modelId: 'four-per-period', rateLimit: 4, rateLimiterMode: RateLimiterMode.REQUESTS_PER_PERIOD, timePeriod: 0.5 },
  ],
  async () => {
    mostAtOnce = Math.max(mostAtOnce, ++running);
    await sleep(CALL_MS);
    running--;
  },
);

for (const modelId of manager.getRegisteredModels()) {
  mostAtOnce = 0;
  const timer = new Timer();
  const handles = Array.from({ length: REQUESTS }, () => manager.submit({ modelId }));
  await Promise.all(handles.map((handle) => handle.response));
  console.log(`${modelId}: ${REQUESTS} requests, at most ${mostAtOnce} at once, ${timer.stop().toFixed(2)} s`);
}
// two-at-once: three rounds of 50 ms. four-per-period: four start together, the other two half a second later.

await manager.shutdownAll();
