/** Error bodies as providers send them, and what the table makes of them. */

/** When the answers of the examples came. */
export const NOW = Date.parse('2026-06-01T12:00:00Z');

export interface Example {
  /** Row of the table that must decide it. */
  readonly row: string;
  readonly who: string;
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** All of the verdict but its message. */
  readonly verdict: object;
}

export const ACCOUNT = { kind: 'final', scope: 'account', failOver: true };
export const REQUEST = { kind: 'final', scope: 'request', failOver: false };
export const NOT_HERE = { kind: 'final', scope: 'request', failOver: true };
export const SERVER = { kind: 'retryable', scope: 'deployment' };

export function openai(type: string | null, code: string | number | null, message = 'No.'): unknown {
  return { error: { message, type, param: null, code } };
}

export function anthropic(type: string, message = 'No.', errorCode?: string): unknown {
  const details = errorCode === undefined ? {} : { details: { error_code: errorCode } };
  return { type: 'error', error: { type, message, ...details }, request_id: 'req_1' };
}

export function gemini(quotaId: string, retryDelay: string, quotaValue = '20'): unknown {
  const violations = [{ quotaMetric: 'm', quotaId, quotaDimensions: { model: 'gemini-2.5-flash' }, quotaValue }];
  const details = [
    { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations },
    { '@type': 'type.googleapis.com/google.rpc.Help', links: [{}] },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay },
  ];
  return { error: { code: 429, message: 'You exceeded your current quota.', status: 'RESOURCE_EXHAUSTED', details } };
}

export function openrouter(code: number, metadata: object): unknown {
  return { error: { code, message: 'No.', metadata } };
}

export const TPM = 'Rate limit reached for m in organization o on tokens per min (TPM): Limit 200000, Used 195869, Requested 4412.';
export const AZURE_TPM =
  'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded token rate limit of your ' +
  'current OpenAI S0 pricing tier. Please retry after 7 seconds. Please go here to increase the default rate limit.';
export const ITPM =
  "This request would exceed your organization's rate limit of 30,000 input tokens per minute (org: o, model: claude-opus-4-6). For details…";
export const TOO_LARGE =
  'Request too large for m in organization o on tokens per min (TPM): Limit 30000, Requested 34307. The input must be reduced.';
export const GROQ_TOO_LARGE =
  'Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 6294, please reduce your message size';
export const CLOUDFLARE = '<!DOCTYPE html><head><title>host | 502: Bad gateway</title><style>a{b:c}</style></head><body>Error</body>';
