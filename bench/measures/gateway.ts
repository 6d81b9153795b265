import { fire } from '../gateways/fire.ts';
import { type GatewayName, startGateway } from '../gateways/start-gateway.ts';
import type { Figures } from '../harness/measures.ts';
import { startUpstream } from '../upstream/start-upstream.ts';

export interface GatewayArgs {
  readonly gateway: GatewayName;
  readonly connections: number;
  /** Calls before those that count: until the compiler is done. */
  readonly warmUp: number;
  readonly seconds: number;
}

/** Chat completions through a gateway in a process of its own, from so many connections. */
export async function measure({ gateway: name, connections, warmUp, seconds }: GatewayArgs): Promise<Figures> {
  const upstream = await startUpstream();
  const gateway = await startGateway(name, upstream);
  try {
    await fire(gateway, { connections, amount: warmUp });
    const { requests, latency } = await fire(gateway, { connections, duration: seconds });
    return { perSecond: requests.average, p50: latency.p50, p99: latency.p99 };
  } finally {
    gateway.close();
    upstream.close();
  }
}
