/** How a provider charges its token limits for a call. */
export type CostRule =
  /** max(the request's own output limit, estimate of the input) when it admits the call; never corrected. OpenAI. */
  | 'largest-up-front'
  /** Estimate of the input + the output limit when it admits the call; never corrected. Azure. */
  | 'sum-up-front'
  /** Input when it admits the call, output as it is produced; the output limit does not count. Anthropic. */
  | 'metered-output'
  /** Input + output limit when it admits the call, what was really used afterwards. */
  | 'reserved-then-settled';
