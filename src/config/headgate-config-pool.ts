import { z } from 'zod';
import { apiKey, endpointUrl, field, flag, name, REFERENCES, secondsOrNone, wholeOrNone } from './headgate-config-fields.ts';
import { seconds, whole } from './rate-limiter-config.ts';

/** The limits of one key. */
export const keyLimitsSchema = z.strictObject({
  requestsPerMinute: field(whole('a limit').optional(), 'Requests per minute: `rpm`.'),
  inputTokensPerMinute: field(whole('a limit').optional(), 'Input tokens per minute: `itpm`.'),
  outputTokensPerMinute: field(whole('a limit').optional(), 'Output tokens per minute: `otpm`.'),
  totalTokensPerMinute: field(whole('a limit').optional(), 'Input and output tokens per minute: `tpm`.'),
  burstMultiplier: field(
    z.number('expected a factor > 0').positive('expected a factor > 0').optional(),
    'Accepted and not applied: no window exceeds its limit.',
  ),
});

/** What every call of a provider's client is sent with unless the caller says otherwise. */
export const settingsSchema = z.strictObject({
  baseUrl: field(endpointUrl('a URL').optional(), "What the provider's own SDK takes as its base URL.", { otherwise: "the provider's" }),
  temperature: field(
    z.number('expected a temperature between 0 and 2').min(0, 'expected a temperature ≥ 0').max(2, 'expected a temperature ≤ 2').optional(),
    'Sent where a call names none.',
    { otherwise: 'none is sent' },
  ),
  maxTokens: field(whole('a number of tokens').optional(), 'Longest answer where a call names none.', { unit: 'tokens' }),
  timeout: field(seconds('a time limit').optional(), 'Longest attempt.', { unit: 's', otherwise: '600' }),
  maxRetries: field(wholeOrNone('a number of retries').optional(), 'Attempts after the first.', { otherwise: '3' }),
});

const modelName = name("a model's id");
const oneOrSeveralModels = z.union([modelName, z.array(modelName).min(1).readonly()], "expected a model's id or a list of them");

/** A provider's keys, what they serve, and how much each may. */
export const providerSchema = z.strictObject({
  provider: field(name("a provider's name").optional(), 'The preset, where the section has a name of its own.', {
    otherwise: "the section's name",
  }),
  apiKeys: field(
    z.union([apiKey(), z.array(apiKey()).readonly()], 'expected a list of keys').optional(),
    `One deployment for each: a key, ${REFERENCES}. Empty ones are skipped.`,
    { otherwise: '`<PROVIDER>_API_KEY`' },
  ),
  models: field(
    z
      .union([modelName, z.array(oneOrSeveralModels).min(1, 'expected at least one model').readonly()], 'expected a list of models')
      .optional(),
    'One for all keys, or one for each key; a list in the list is several for a key (`[[a, b]]`: both for every key). One key serves all.',
    { otherwise: '`<PROVIDER>_MODEL`' },
  ),
  rateLimits: field(
    z
      .union([keyLimitsSchema, z.array(keyLimitsSchema).min(1, 'expected at least one').readonly()], 'expected limits or a list of limits')
      .optional(),
    'The same for every key, or one for each key.',
    { otherwise: 'learned from its answers' },
  ),
  settings: field(settingsSchema.optional(), 'Defaults of its calls.'),
});

/** System C's pool: a client is a deployment's. */
export const poolSchema = z.strictObject({
  minSize: field(wholeOrNone('a number of clients').default(1), 'Clients that are kept.'),
  maxSize: field(whole('a number of clients').default(10), 'Most clients at once; there is one for each key.'),
  acquireTimeout: field(seconds('a time limit').default(10), 'Longest wait for a client.', { unit: 's' }),
  idleTimeout: field(seconds('a time').default(3600), 'An unused client is closed after this.', { unit: 's' }),
  maxLifetime: field(seconds('a time').default(7200), 'A client is replaced after this.', { unit: 's' }),
  healthCheckInterval: field(secondsOrNone('a time').default(60), 'How often unused clients are checked; 0: never.', { unit: 's' }),
  retryOnError: field(flag().default(true), 'Whether a failed call is tried again.'),
  enableMetrics: field(flag().default(true), "Whether the pool's figures are kept."),
});

const LOG_LEVELS: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  critical: 'fatal',
  silent: 'silent',
};

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

const logLevel = z
  .string('expected a level')
  .refine((text) => Object.hasOwn(LOG_LEVELS, text.toLowerCase()), `expected one of ${Object.keys(LOG_LEVELS).join(', ')}`)
  .default('info');

export const globalSchema = z.strictObject({
  defaultProvider: field(name("a provider's name").optional(), 'Which provider a client is of when nobody says.', {
    otherwise: 'the first one',
  }),
  enableLogging: field(flag().default(true), 'Whether calls are logged, without prompts and answers.'),
  logLevel: field(logLevel, '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`, in any case.'),
  metricsEnabled: field(flag().default(true), 'Whether calls are counted.'),
});

/** pino's name of a level that `globalSchema` let through. */
export function logLevelOf(text: string): LogLevel {
  return LOG_LEVELS[text.toLowerCase()] ?? 'info';
}
