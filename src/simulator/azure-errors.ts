import type { Refusal } from './admission.ts';
import type { ErrorBody } from './simulated-call.ts';

const OPERATION = 'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21';

const TEXTS: Readonly<Record<number, { readonly code: string; readonly message: string }>> = {
  401: {
    code: '401',
    message:
      'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription ' +
      'and use a correct regional API endpoint for your resource.',
  },
  404: {
    code: 'DeploymentNotFound',
    message: 'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait.',
  },
};

/** The body of a 429 for a limit, in whole seconds. */
export function azureRefusal(refusal: { readonly waitMs: number; readonly tokens: boolean }, hideWait: boolean): ErrorBody {
  const seconds = Math.max(1, Math.ceil(refusal.waitMs / 1000 - 1e-6));
  const again = hideWait ? 'Please retry later.' : `Please retry after ${seconds} seconds.`;
  const wait = Number.isFinite(refusal.waitMs) ? again : 'The request is larger than the whole limit.';
  const message = `${OPERATION} have exceeded ${refusal.tokens ? 'token' : 'call'} rate limit of your current OpenAI S0 pricing tier. ${wait}`;
  return { error: { code: '429', message } };
}

export function isTokens(refusal: Refusal): boolean {
  const { type } = refusal.limit.spec;
  return type !== 'rpm' && type !== 'rpd';
}

/** An error of OpenAI's as Azure writes it: its gateway answers 401 and 404 in its own words, the rest is passed on. */
export function azureError(status: number, error: ErrorBody): ErrorBody {
  const own = TEXTS[status];
  return own ? { error: own } : error;
}
