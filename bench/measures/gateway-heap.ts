import { fire } from '../gateways/fire.ts';
import { heapOf } from '../gateways/heap-of.ts';
import { startGateway } from '../gateways/start-gateway.ts';
import type { Figures } from '../harness/measures.ts';
import { startUpstream } from '../upstream/start-upstream.ts';

export interface GatewayHeapArgs {
  readonly connections: number;
  /** Calls before the first look: until the compiler is done, and every bounded history is full. */
  readonly warmUp: number;
  readonly calls: number;
  /** How often the heap is looked at on the way. */
  readonly looks: number;
}

/** How the heap of `headgate serve`, with telemetry, grows over many calls; `slope` in MB for 100,000 calls, by least squares. */
export async function measure({ connections, warmUp, calls, looks }: GatewayHeapArgs): Promise<Figures> {
  const upstream = await startUpstream();
  const gateway = await startGateway('headgate serve, telemetry to SQLite', upstream);
  try {
    await fire(gateway, { connections, amount: warmUp });
    const heaps = [await heapOf(gateway.child)];
    for (let look = 0; look < looks; look++) {
      await fire(gateway, { connections, amount: calls / looks });
      heaps.push(await heapOf(gateway.child));
    }
    const megabytes = heaps.map((bytes) => bytes / 1e6);
    const growth = (megabytes.at(-1) ?? Number.NaN) - (megabytes[0] ?? Number.NaN);
    return { heap: megabytes.at(-1) ?? Number.NaN, growth, slope: (slope(megabytes) * 100_000) / (calls / looks) };
  } finally {
    gateway.close();
    upstream.close();
  }
}

/** Of a line through values at equal distances. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const up = values.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0);
  const across = values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
  return up / across;
}
