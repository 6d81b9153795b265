import type { RateLimiterType } from '../domain/limit-types.ts';
import type { ErrorFields } from './error-fields.ts';

/** How providers' texts name the limit that refused; the first that fits. */
const BY_TEXT: readonly (readonly [RegExp, RateLimiterType])[] = [
  // OpenAI, Groq: "on tokens per min (TPM)".
  [/\(RPM\)/i, 'rpm'],
  [/\(RPD\)/i, 'rpd'],
  [/\(TPM\)/i, 'tpm'],
  [/\(TPD\)/i, 'tpd'],
  [/\(ITPM\)/i, 'itpm'],
  [/\(OTPM\)/i, 'otpm'],
  // Gemini: quotaId GenerateContentInputTokensPerModelPerMinute-FreeTier.
  [/InputTokens\w*PerMinute/, 'itpm'],
  [/Tokens\w*PerDay/, 'tpd'],
  [/Requests\w*PerMinute/, 'rpm'],
  [/Requests\w*PerDay/, 'rpd'],
  // Anthropic: "your organization's rate limit of 30,000 input tokens per minute".
  [/\binput tokens per min/i, 'itpm'],
  [/\boutput tokens per min/i, 'otpm'],
  [/\btokens per min/i, 'tpm'],
  [/\btokens per day/i, 'tpd'],
  [/\brequests per min/i, 'rpm'],
  [/\brequests per day/i, 'rpd'],
  [/\bconcurrent (?:connections|requests)\b/i, 'concurrent'],
  // Azure: "have exceeded token rate limit", "call rate limit".
  [/\btoken rate limit/i, 'tpm'],
  [/\b(?:call|request) rate limit/i, 'rpm'],
  // OpenRouter: "Rate limit exceeded: free-models-per-day".
  [/free-models-per-min/, 'rpm'],
  [/free-models-per-day/, 'rpd'],
  // Bedrock.
  [/^too many tokens/i, 'tpm'],
];

/** Error types that name it: OpenAI's and Groq's, Together's. */
const BY_NAME: Readonly<Record<string, RateLimiterType>> = {
  requests: 'rpm',
  tokens: 'tpm',
  dynamic_request_limited: 'rpm',
  dynamic_token_limited: 'tpm',
};

/** Which limit a refusal names; undefined where it names none. */
export function namedLimit({ text, names }: ErrorFields): RateLimiterType | undefined {
  const byText = BY_TEXT.find(([pattern]) => pattern.test(text))?.[1];
  if (byText) return byText;
  const name = names.find((each) => Object.hasOwn(BY_NAME, each));
  return name === undefined ? undefined : BY_NAME[name];
}
