import type { RateLimiterType, TokenCounts } from '../../domain/limit-types.ts';
import type { BatchRequest } from './batch-request.ts';
import { estimateRequest } from './estimate-request.ts';

/** A request as it waits to be sent: its body is text already, which is smaller than the object. */
export interface PreparedRequest extends Omit<BatchRequest, 'body'> {
  /** The body as it goes over the wire. */
  readonly text: string;
  /** What it reserves. */
  readonly tokens: TokenCounts;
}

export function prepareRequest(request: BatchRequest, limits: readonly RateLimiterType[]): PreparedRequest {
  const { body, ...rest } = request;
  return { ...rest, text: JSON.stringify(body), tokens: estimateRequest(body, limits) };
}
