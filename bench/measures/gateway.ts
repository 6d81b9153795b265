import autocannon from 'autocannon';
import { type GatewayName, startGateway } from '../gateways/start-gateway.ts';
import type { Figures } from '../harness/measures.ts';
import { MAX_TOKENS, MESSAGES, UPSTREAM_MODEL } from '../upstream/chat-texts.ts';
import { startUpstream } from '../upstream/start-upstream.ts';

export interface GatewayArgs {
  readonly gateway: GatewayName;
  readonly connections: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

const BODY = JSON.stringify({ model: UPSTREAM_MODEL, messages: MESSAGES, max_tokens: MAX_TOKENS });

/** Chat completions through a gateway in a process of its own, from so many connections. */
export async function measure({ gateway: name, connections, warmUpSeconds, seconds }: GatewayArgs): Promise<Figures> {
  const upstream = await startUpstream();
  const gateway = await startGateway(name, upstream);
  const headers = { 'content-type': 'application/json', authorization: 'Bearer none', ...gateway.headers };
  const fire = (duration: number) => autocannon({ url: gateway.url, method: 'POST', headers, body: BODY, connections, duration });
  try {
    await fire(warmUpSeconds);
    const { requests, latency, non2xx, errors } = await fire(seconds);
    if (non2xx + errors > 0) throw new Error(`${name}: ${non2xx} answers were no success, ${errors} calls failed.`);
    return { perSecond: requests.average, p50: latency.p50, p99: latency.p99 };
  } finally {
    gateway.close();
    upstream.close();
  }
}
