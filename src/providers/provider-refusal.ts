import { RateLimitRefused } from '../domain/errors.ts';
import type { HttpReply } from './http-reply.ts';
import type { Refused } from './verdict.ts';

/** Where a verdict was reached. */
export interface VerdictPlace {
  readonly deploymentId?: string | undefined;
  /** The whole answer, where there was one; a stream's head and what had come of it. */
  readonly reply?: HttpReply | undefined;
}

/** A verdict's message, with the deployment it is about. */
export function placed(message: string, { deploymentId }: VerdictPlace): string {
  return deploymentId === undefined ? message : `Deployment '${deploymentId}': ${message}`;
}

/** A refusal with what the provider said of it. */
export class ProviderRefusal extends RateLimitRefused {
  /** The provider's own code, as `rate_limit_exceeded`; `code` is the engine's. */
  readonly providerCode: string;
  /** Run fewer calls at once, besides waiting: the load grows too fast for the provider. */
  readonly slowDown: boolean;
  /** The provider's capacity is used up, not our quota: another deployment first, waiting second. */
  readonly capacity: boolean;
  readonly deploymentId: string | undefined;
  readonly reply: HttpReply | undefined;

  constructor({ message, code, retryAfterMs, limitType, slowDown, capacity }: Refused, place: VerdictPlace) {
    super({
      message: placed(message, place),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(limitType === undefined ? {} : { limitType }),
    });
    this.providerCode = code;
    this.slowDown = slowDown ?? false;
    this.capacity = capacity ?? false;
    this.deploymentId = place.deploymentId;
    this.reply = place.reply;
  }
}
