/** 429s about money: the same for every request until somebody pays. OpenAI's error codes guide, Anthropic's error details. */
const MONEY_CODES = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_hard_limit_reached',
  'enforced_spend_limit_reached',
  'contract_spend_limit_reached',
]);

/** The same code as a refusal that passes, told apart by its text alone: no "Used", nothing to wait for. */
const TOO_LARGE = /^request too large\b/i;

/** Whether an error's code or type says that no waiting helps, since somebody has to pay or to change the plan. */
export function isMoneyCode(code: unknown): boolean {
  return typeof code === 'string' && MONEY_CODES.has(code);
}

/** Whether a refusal's text says that the request can never fit. SDKs put the status before the provider's text. */
export function saysTooLarge(message: string): boolean {
  return TOO_LARGE.test(message.replace(/^429\s+/, ''));
}

/** Whether a status may be tried again: the official SDKs' rule, less 429, which is a refusal. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 409 || status >= 500;
}
