import { Client } from 'undici';
import { CHAT_BODY, fire } from '../gateways/fire.ts';
import { type GatewayName, startGateway } from '../gateways/start-gateway.ts';
import type { Figures } from '../harness/measures.ts';
import { quantile } from '../report/statistics.ts';
import { startUpstream } from '../upstream/start-upstream.ts';

export interface GatewayLatencyArgs {
  readonly gateway: GatewayName;
  /** Calls from so many connections before those that count: until the compiler is done. */
  readonly warmUp: number;
  readonly connections: number;
  readonly calls: number;
}

const UNCOUNTED = 1_000;

/** One call after the other over one connection, in ms with fractions, to a gateway that has worked for a while. */
export async function measure({ gateway: name, warmUp, connections, calls }: GatewayLatencyArgs): Promise<Figures> {
  const upstream = await startUpstream();
  const gateway = await startGateway(name, upstream);
  const { origin, pathname } = new URL(gateway.url);
  const client = new Client(origin);
  const headers = { 'content-type': 'application/json', ...gateway.headers };
  const call = async (): Promise<number> => {
    const start = performance.now();
    const { statusCode, body } = await client.request({ method: 'POST', path: pathname, headers, body: CHAT_BODY });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${name} answered ${statusCode}: ${text.slice(0, 200)}`);
    return performance.now() - start;
  };
  try {
    await fire(gateway, { connections, amount: warmUp });
    for (let i = 0; i < UNCOUNTED; i++) await call();
    const ms: number[] = [];
    for (let i = 0; i < calls; i++) ms.push(await call());
    return { p50: quantile(ms, 0.5), p99: quantile(ms, 0.99) };
  } finally {
    await client.destroy();
    gateway.close();
    upstream.close();
  }
}
