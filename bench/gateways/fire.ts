import autocannon, { type Result } from 'autocannon';
import { MAX_TOKENS, MESSAGES, UPSTREAM_MODEL } from '../upstream/chat-texts.ts';
import type { StartedGateway } from './start-gateway.ts';

/** The chat completion that every gateway is asked for. */
export const CHAT_BODY = JSON.stringify({ model: UPSTREAM_MODEL, messages: MESSAGES, max_tokens: MAX_TOKENS });

/** So many calls, or as many as fit into so many seconds. */
export type Load = { readonly connections: number } & ({ readonly amount: number } | { readonly duration: number });

/** Chat completions from so many connections, each sending its next call once it has its answer. Every one has to succeed. */
export async function fire({ url, headers: own }: StartedGateway, load: Load): Promise<Result> {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer none', ...own };
  const result = await autocannon({ url, method: 'POST', headers, body: CHAT_BODY, ...load });
  const { non2xx, errors } = result;
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} answers were no success, ${errors} calls failed.`);
  return result;
}
