import { createHeadgate } from 'headgate/client';
import { UPSTREAM_MODEL } from '../upstream/chat-texts.ts';
import type { Upstream } from '../upstream/start-upstream.ts';

/** With limits that take part in every call and never bind. */
export function headgateFor({ baseUrl }: Upstream) {
  const rateLimiters = [{ type: 'rpm', limit: 1_000_000_000 } as const, { type: 'tpm', limit: 1_000_000_000_000 } as const];
  return createHeadgate({
    models: { [UPSTREAM_MODEL]: { rateLimiters, deployments: [{ provider: 'openai', baseUrl, apiKey: 'none' }] } },
  });
}
