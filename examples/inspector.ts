/**
 * The engine's actors in Stately's inspector, over a WebSocket: engine, schedulers, limiters, and a sample of the
 * requests. In a terminal it keeps running so that you can look; elsewhere (or with CI set) it ends by itself.
 * Another port than 8080: `INSPECTOR_PORT=9000 node examples/inspector.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createWebSocketInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import { createInspectorServer } from '@statelyai/inspect/server';
import { QueueManager } from 'headgate';

const port = Number(process.env['INSPECTOR_PORT'] ?? 8080);
const isWatched = process.stdout.isTTY && !process.env['CI'];

// The server has no option for its address and would listen on all of them. What it takes for its port goes to
// `listen`, which understands an address too, and into its page as text.
const loopback = { host: '127.0.0.1', port, toString: () => String(port) } as unknown as number;
const server = createInspectorServer({ port: loopback, autoOpen: false });
const url = `ws://127.0.0.1:${port}`;
const inspector = createWebSocketInspector({ url });

// The supervisor of the requests is no chart: it has a status only.
const stateOf = (snapshot: { value?: unknown; status?: string }): string => String(snapshot.value ?? snapshot.status);

// What the inspector's page gets, collected here to print it.
const seen = new Map<string, { name: string; value: string }>();
const page = new WebSocket(url);
page.onmessage = ({ data }) => {
  const event: StatelyInspectionEvent = JSON.parse(data);
  if (event.type === '@xstate.actor') seen.set(event.sessionId, { name: event.name, value: stateOf(event.snapshot) });
  if (event.type === '@xstate.snapshot') {
    const actor = seen.get(event.sessionId);
    if (actor) actor.value = stateOf(event.snapshot);
  }
};
console.log(`Open http://localhost:${port} to see the actors in Stately's inspector.`);

const manager = new QueueManager({ inspect: inspector.inspect, inspectRequestsPerSecond: 3 });
manager.registerQueue({ modelId: 'gpt-4o', rateLimiters: [{ type: 'rpm', limit: 4, timePeriod: 0.5 }] }, () => sleep(100));
do {
  const handles = Array.from({ length: 8 }, (_, index) => manager.submit({ modelId: 'gpt-4o', id: `request ${index}` }));
  await Promise.all(handles.map((handle) => handle.response));
} while (isWatched);
await sleep(100);

for (const { name, value } of seen.values()) console.log(`${name}: ${value}`);
await manager.shutdownAll();
inspector.stop();
page.close();
server.stop();
