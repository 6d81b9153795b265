import { createHeadgate } from 'headgate/client';
import { type AlternateOptions, alternate } from '../harness/alternate.ts';
import type { Figures } from '../harness/measures.ts';
import { MAX_TOKENS, MESSAGES, UPSTREAM_MODEL } from '../upstream/chat-texts.ts';
import { startUpstream } from '../upstream/start-upstream.ts';

/** Limits that take part in every call and never bind. */
export const WIDE_LIMITS = [
  { type: 'rpm', limit: 1_000_000_000 },
  { type: 'tpm', limit: 1_000_000_000_000 },
] as const;

/** `headgate.fetch()` and the global fetch, turn by turn in one process, for the same chat completion. */
export async function measure(args: AlternateOptions): Promise<Figures> {
  const upstream = await startUpstream();
  const headgate = await createHeadgate({
    models: {
      [UPSTREAM_MODEL]: {
        rateLimiters: [...WIDE_LIMITS],
        deployments: [{ provider: 'openai', baseUrl: upstream.baseUrl, apiKey: 'none' }],
      },
    },
  });
  const body = JSON.stringify({ model: UPSTREAM_MODEL, messages: MESSAGES, max_tokens: MAX_TOKENS });
  const init = { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer none' }, body };
  const through = (fetch: (url: string, init: RequestInit) => Promise<Response>) => async (): Promise<void> => {
    const response = await fetch(upstream.url, init);
    const answer: unknown = await response.json();
    if (response.status !== 200) throw new Error(`Answered ${response.status}: ${JSON.stringify(answer)}`);
  };
  const { ours, plain } = await alternate({ plain: through(globalThis.fetch), ours: through(headgate.fetch()) }, args);
  await headgate.close();
  upstream.close();
  return {
    headgate: ours.perSecond,
    headgateCpu: ours.cpuMicroseconds,
    plain: plain.perSecond,
    plainCpu: plain.cpuMicroseconds,
  };
}
