/** Every request can be watched: as a stream, as an XState actor, among all events, and by asking why it waits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueManager } from 'headgate';
import { lastValueFrom } from 'rxjs';
import { waitFor } from 'xstate';

const MODEL = 'gpt-4o';
const manager = new QueueManager();
manager.registerQueue({ modelId: MODEL, rateLimiters: [{ type: 'rpm', limit: 1, timePeriod: 0.5 }] }, async (_request, context) => {
  context.responseStarted();
  await sleep(50);
  return 'done';
});

manager.events$.subscribe((event) => {
  if ('requestId' in event) console.log(`events$: ${event.type} ${event.requestId}`);
  else if ('limiter' in event) console.log(`events$: ${event.type} ${event.limiter}`);
  else if ('deploymentId' in event) console.log(`events$: ${event.type} ${event.deploymentId}`);
  else console.log(`events$: ${event.type} ${event.modelId}`);
});

manager.submit({ modelId: MODEL, id: 'first' });
const handle = manager.submit({ modelId: MODEL, id: 'second' });
handle.status$.subscribe({
  next: ({ status, phase, attempt }) => console.log(`status$: ${status}${phase ? `, ${phase}` : ''}, attempt ${attempt}`),
  complete: () => console.log('status$ completed'),
});

await sleep(20);
const why = manager.explain('second');
const limiter = typeof why?.waitingFor === 'object' ? why.waitingFor?.type : why?.waitingFor;
const waitMs = (why?.earliestStart ?? 0) - Date.now();
console.log(`explain: position ${why?.position}, waiting for ${limiter}, starts in less than half a second: ${waitMs < 500}`);

// The handle's actor is a real XState actor: its snapshot's value is the status.
console.log(`actor: ${handle.actor.getSnapshot().value}`);
await waitFor(handle.actor, (snapshot) => snapshot.matches('processing'));
console.log(`actor: ${handle.actor.getSnapshot().value}, attempt ${handle.actor.getSnapshot().context.attempt}`);

console.log(`last of status$: ${(await lastValueFrom(handle.status$)).status}`);
await manager.shutdownAll();
