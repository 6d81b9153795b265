import type { RateLimiterType, TokenCounts } from '../../domain/limit-types.ts';
import type { BatchRequest } from './batch-request.ts';
import { estimateRequest } from './estimate-request.ts';

/** A request as it waits to be sent. */
export interface PreparedRequest extends Omit<BatchRequest, 'body'> {
  /** What it reserves. */
  readonly tokens: TokenCounts;
  /** Models that may take over where this one fails, in this order. */
  readonly fallbacks?: readonly string[] | undefined;
}

/** A request for an endpoint: its body is text already, which is smaller than the object. */
export interface EndpointRequest extends PreparedRequest {
  /** The body as it goes over the wire. */
  readonly text: string;
}

export function prepareRequest(request: BatchRequest, limits: readonly RateLimiterType[]): EndpointRequest {
  const { body, ...rest } = request;
  return { ...rest, text: JSON.stringify(body), tokens: estimateRequest(body, limits) };
}
