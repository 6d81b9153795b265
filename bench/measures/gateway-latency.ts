import { Client } from 'undici';
import { type GatewayName, startGateway } from '../gateways/start-gateway.ts';
import type { Figures } from '../harness/measures.ts';
import { quantile } from '../report/statistics.ts';
import { MAX_TOKENS, MESSAGES, UPSTREAM_MODEL } from '../upstream/chat-texts.ts';
import { startUpstream } from '../upstream/start-upstream.ts';

export interface GatewayLatencyArgs {
  readonly gateway: GatewayName;
  readonly warmUp: number;
  readonly calls: number;
}

const BODY = JSON.stringify({ model: UPSTREAM_MODEL, messages: MESSAGES, max_tokens: MAX_TOKENS });

/** One call after the other over one connection, in ms with fractions. */
export async function measure({ gateway: name, warmUp, calls }: GatewayLatencyArgs): Promise<Figures> {
  const upstream = await startUpstream();
  const gateway = await startGateway(name, upstream);
  const { origin, pathname } = new URL(gateway.url);
  const client = new Client(origin);
  const headers = { 'content-type': 'application/json', ...gateway.headers };
  const call = async (): Promise<number> => {
    const start = performance.now();
    const { statusCode, body } = await client.request({ method: 'POST', path: pathname, headers, body: BODY });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${name} answered ${statusCode}: ${text.slice(0, 200)}`);
    return performance.now() - start;
  };
  try {
    for (let i = 0; i < warmUp; i++) await call();
    const ms: number[] = [];
    for (let i = 0; i < calls; i++) ms.push(await call());
    return { p50: quantile(ms, 0.5), p99: quantile(ms, 0.99) };
  } finally {
    await client.destroy();
    gateway.close();
    upstream.close();
  }
}
