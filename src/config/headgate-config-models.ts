import { z } from 'zod';
import { BALANCERS, balancerSchema } from './deployment-config.ts';
import { apiKey, endpointUrl, field, flag, name, REFERENCES, secondsOrNone, wholeOrNone } from './headgate-config-fields.ts';
import { rateLimiterConfigSchema, seconds, whole } from './rate-limiter-config.ts';

const MOST_LIMITS = 32;

const rateLimiters = z
  .array(rateLimiterConfigSchema, 'expected a list of limits')
  // Empty because a template came out so, it would let everything through.
  .min(1, 'expected at least one limit, or the key left out where there is none')
  .max(MOST_LIMITS, `expected at most ${MOST_LIMITS} limits`)
  .readonly();

/** What may stand in one; the rest is refused by whoever sends it. */
const header = z.string('expected text').regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'expected one line of Latin text without control characters');
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/, 'expected the name of a header');

/** When a deployment that fails is left alone. */
export const circuitSchema = z.strictObject({
  failuresInARow: field(whole('a number of failures').optional(), 'Failures in a row that open the circuit.', { otherwise: '5' }),
  failureShare: field(
    z.number('expected a share between 0 and 1').gt(0, 'expected a share > 0').lte(1, 'expected a share ≤ 1').optional(),
    'Share of failures among the last calls that opens it.',
    { otherwise: '0.5' },
  ),
  window: field(whole('a number of calls').optional(), 'How many of the last calls the share is taken of.', { otherwise: '20' }),
});

/** One place that serves a model: an endpoint, a key, and the provider's own name of the model. */
export const deploymentSchema = z.strictObject({
  id: field(name('a deployment id').optional(), 'Its name in answers and reports. The same id in several models is one deployment.', {
    otherwise: '`<provider>-<n>`',
  }),
  provider: field(name("a provider's name, as openai or anthropic"), 'Whose wire format, headers and limits: the name of a preset.'),
  baseUrl: field(endpointUrl('a URL').optional(), "What the provider's own SDK takes as its base URL.", { otherwise: "the provider's" }),
  apiKey: field(apiKey().optional(), `The key, or where it is: ${REFERENCES}.`, { otherwise: "the provider's variable" }),
  apiVersion: field(name('an API version').optional(), 'API version, where the provider asks for one (Azure).'),
  model: field(name("the provider's name of the model").optional(), "The provider's own name of the model; at Azure, of the deployment.", {
    otherwise: "the model's id",
  }),
  headers: field(z.record(headerName, header, 'expected headers by name').optional(), 'Sent with every call.'),
  rateLimiters: field(rateLimiters.optional(), 'Its limits, all kept at once.', { otherwise: 'learned from its answers' }),
  domain: field(name('the name of a domain').optional(), 'The quota domain that it shares with others: a name under `domains`.'),
  domains: field(z.array(name('the name of a domain'), 'expected a list of domains').readonly().optional(), 'Several of them.'),
  weight: field(
    z.number('expected a weight > 0').positive('expected a weight > 0').optional(),
    'Its share where the balancer is `weighted`.',
    { otherwise: '1' },
  ),
  errorBackoffInSeconds: field(secondsOrNone('a time to rest').optional(), 'How long it rests once its circuit has opened.', {
    unit: 's',
    otherwise: '60',
  }),
  circuit: field(circuitSchema.optional(), 'When it counts as broken.'),
});

/** How often a failed call is tried again: the one retry layer, whoever asks for it. */
export const retrySchema = z.strictObject({
  maxAttempts: field(whole('a number of attempts').optional(), 'Attempts in all, the first included. Refusals are not counted.', {
    otherwise: '4',
  }),
  baseDelayMs: field(z.number('expected milliseconds ≥ 0').nonnegative('expected milliseconds ≥ 0').optional(), 'First wait.', {
    unit: 'ms',
    otherwise: '1000',
  }),
  maxDelayMs: field(z.number('expected milliseconds ≥ 0').nonnegative('expected milliseconds ≥ 0').optional(), 'Longest wait.', {
    unit: 'ms',
    otherwise: '60000',
  }),
  factor: field(z.number('expected a factor ≥ 1').min(1, 'expected a factor ≥ 1').optional(), 'Growth of the wait.', { otherwise: '2' }),
  jitter: field(z.literal('full', "expected 'full'").optional(), 'Each wait is anywhere between 0 and the grown one.', {
    otherwise: '`full`',
  }),
});

export const MODEL_TYPES = ['chat', 'completion', 'embeddings'] as const;

export const tenantSchema = z.strictObject({
  weight: field(z.number('expected a weight > 0').positive('expected a weight > 0').optional(), 'Its share of the tokens.', {
    otherwise: '1',
  }),
});

/** One model: what callers ask for by its id, and what serves it. */
export const modelSchema = z.strictObject({
  deployments: field(
    z
      .array(deploymentSchema, 'expected a list of deployments')
      .min(1, 'expected at least one deployment, or the key left out where callers bring their own')
      .readonly()
      .optional(),
    'What serves it.',
    { otherwise: "the caller's own endpoint and key" },
  ),
  rateLimiters: field(rateLimiters.optional(), 'Limits that hold for all of its deployments together.'),
  type: field(z.enum(MODEL_TYPES, `expected one of ${MODEL_TYPES.join(', ')}`).optional(), 'What it does.', { otherwise: '`chat`' }),
  fallbacks: field(
    z.array(name("a model's id"), "expected a list of models' ids").readonly().optional(),
    'Models that are asked, in this order, once none of its own deployments can answer.',
  ),
  balancer: field(
    balancerSchema.optional(),
    `Which deployment is tried first: ${BALANCERS.map((each) => `\`${each}\``).join(', ')}, or in code an object with \`order()\`.`,
    { otherwise: '`most-headroom`' },
  ),
  retry: field(retrySchema.optional(), 'How failed calls are tried again.'),
  requestTimeoutSeconds: field(seconds('a time limit').optional(), 'Longest wait in the queue.', { unit: 's', otherwise: 'none' }),
  attemptTimeoutSeconds: field(seconds('a time limit').optional(), 'Longest attempt, its stream included.', {
    unit: 's',
    otherwise: '600',
  }),
  firstTokenTimeoutSeconds: field(seconds('a time limit').optional(), "Longest wait for a stream's first content.", {
    unit: 's',
    otherwise: '120',
  }),
  idleTimeoutSeconds: field(seconds('a time limit').optional(), 'Longest silence inside a stream.', { unit: 's', otherwise: '60' }),
  maxQueueSize: field(whole('a queue size').optional(), 'Most requests that may wait.', { otherwise: 'unbounded' }),
  tenants: field(z.record(name("a tenant's name"), tenantSchema, 'expected tenants by name').optional(), 'Tenants whose share is not 1.'),
  lookAhead: field(wholeOrNone('a number of requests').optional(), 'How many are tried behind a request that has to wait; 0: none.', {
    otherwise: '32',
  }),
  learnLimits: field(flag().optional(), 'Whether limits are learned from answers and refusals.', {
    otherwise: '`true`; at vLLM and Ollama only from headers and named refusals',
  }),
});

/** Limits that several deployments share, because the provider counts them together. */
export const domainSchema = z.strictObject({
  rateLimiters: field(rateLimiters, 'The limits, counted over every deployment that names the domain.'),
});
