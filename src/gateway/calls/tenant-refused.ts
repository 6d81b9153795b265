import { LLMQueueException } from '../../domain/errors.ts';

/** Why a tenant gets nothing now. */
export interface TenantRefusal {
  /** 401 no or an unknown key, 403 not allowed, 429 too much for now. */
  readonly status: 401 | 403 | 429 | 503;
  readonly code:
    | 'missing_key'
    | 'unknown_key'
    | 'tenant_forbidden'
    | 'host_forbidden'
    | 'model_forbidden'
    | 'user_rate_limit'
    | 'budget_exhausted'
    | 'store_unavailable';
  readonly message: string;
  /** Seconds until it would be let in, exact; undefined: time alone doesn't help. */
  readonly retryAfterSeconds?: number | undefined;
}

/** A call that its key, its tenant's limits or its budget doesn't allow; nothing of it was queued. */
export class TenantRefused extends LLMQueueException {
  readonly status: TenantRefusal['status'];
  readonly retryAfterSeconds: number | undefined;

  constructor({ status, code, message, retryAfterSeconds }: TenantRefusal) {
    super(message, code, retryAfterSeconds !== undefined);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
