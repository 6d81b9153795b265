import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import * as client from '../../src/client/index.ts';
import * as engine from '../../src/index.ts';
import { LLMQueueException } from '../../src/index.ts';
import { SimulatedNetworkError } from '../../src/simulator/index.ts';
import { WatchRefused } from '../../src/watch/index.ts';

type Made = readonly [error: LLMQueueException, code: string, retryable: boolean];

/** Each class that has a code of its own, with what programs branch on: to change one of these breaks them. */
const FIXED: Readonly<Record<string, Made>> = {
  AttemptTimeout: [new engine.AttemptTimeout('r', 'm', 1, 1), 'attempt_timeout', true],
  DeadlineExceeded: [new engine.DeadlineExceeded('r', 'm', new Date(0)), 'deadline_exceeded', true],
  DuplicateRequest: [new engine.DuplicateRequest('r'), 'duplicate_request', false],
  EngineStopped: [new engine.EngineStopped(), 'engine_stopped', false],
  InvalidConfiguration: [new engine.InvalidConfiguration('x'), 'invalid_configuration', false],
  InvalidRequest: [new engine.InvalidRequest('x'), 'invalid_request', false],
  ModelNotRegistered: [new engine.ModelNotRegistered('m', []), 'model_not_registered', false],
  NoDeploymentAvailable: [new engine.NoDeploymentAvailable('m', []), 'no_deployment_available', true],
  ProcessingError: [new engine.ProcessingError('x'), 'processing_error', false],
  QueueTimeoutError: [new engine.QueueTimeoutError('r', 'm', 1), 'queue_timeout', true],
  RateLimitExceeded: [new engine.RateLimitExceeded({ message: 'x', limitType: 'rpm', cost: 2, limit: 1 }), 'request_too_large', false],
  RateLimitRefused: [new engine.RateLimitRefused(), 'rate_limit_refused', true],
  RequestCancelled: [new engine.RequestCancelled('r'), 'cancelled', false],
  SchedulerQueueFullError: [new engine.SchedulerQueueFullError('m', 1), 'queue_full', true],
  LLMError: [new client.LLMError('x'), 'llm_error', false],
  ResourceAvailabilityError: [new client.ResourceAvailabilityError('m'), 'resource_availability', false],
  UserIdHeaderMissingError: [new client.UserIdHeaderMissingError(), 'user_id_missing', false],
  UserRateLimitExceededError: [new client.UserRateLimitExceededError(1), 'user_rate_limit_exceeded', true],
  LLMException: [new client.LLMException('x'), 'llm_exception', false],
  LLMProviderError: [new client.LLMProviderError('x'), 'provider_error', false],
  LLMConnectionError: [new client.LLMConnectionError('x'), 'connection_error', true],
  LLMRateLimitError: [new client.LLMRateLimitError('x'), 'rate_limit', true],
  LLMAuthenticationError: [new client.LLMAuthenticationError('x'), 'authentication_error', false],
  LLMPoolExhaustedError: [new client.LLMPoolExhaustedError('x'), 'pool_exhausted', true],
  LLMConfigurationError: [new client.LLMConfigurationError('x'), 'llm_configuration', false],
  LLMTimeoutError: [new client.LLMTimeoutError('x'), 'timeout', true],
  StoreUnavailable: [new client.StoreUnavailable('redis', 'x'), 'store_unavailable', true],
  WatchRefused: [new WatchRefused(401, 'x'), 'watch_refused', false],
  // As the network's own errors are called.
  SimulatedNetworkError: [new SimulatedNetworkError('x'), 'ECONNRESET', true],
};

/** Classes whose code says what happened, not which class it is. */
const GIVEN: Readonly<Record<string, Made>> = {
  LLMQueueException: [new LLMQueueException('x', 'mine', true), 'mine', true],
  // The parent of those of the queue; what withTimeout throws.
  QueueTimeout: [new engine.QueueTimeout('x'), 'queue_timeout', true],
  ProviderFailure: [new client.ProviderFailure({ message: 'x', code: 'http_503', retryable: true }), 'http_503', true],
};

async function exportedErrorClasses(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const targets = Object.values(packageJson.exports).flatMap((target) => (typeof target === 'string' ? [] : [target.default]));
  expect(targets.length).toBeGreaterThan(5);
  for (const target of targets) {
    const module: Record<string, unknown> = await import(`../../${target.replace('./dist/', '').replace(/\.js$/, '.ts')}`);
    for (const [name, value] of Object.entries(module)) {
      const isError = typeof value === 'function' && (value === Error || value.prototype instanceof Error);
      if (isError) found.set(name, target);
    }
  }
  return found;
}

it('every error class of every package entry is known here', async () => {
  const known = { ...FIXED, ...GIVEN };
  const exported = await exportedErrorClasses();
  expect([...exported.keys()].sort()).toEqual(Object.keys(known).sort());
});

it.each(Object.entries({ ...FIXED, ...GIVEN }))(
  '%s keeps its code and says whether it may be tried again',
  (name, [error, code, retryable]) => {
    expect({ name: error.name, code: error.code, retryable: error.retryable }).toEqual({ name, code, retryable });
    expect(LLMQueueException.isInstance(error)).toBe(true);
  },
);

it('no two classes share a code', () => {
  const codes = Object.values(FIXED).map(([, code]) => code);
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});
