import { describe, expect, it } from 'vitest';
import type { CompleteOptions } from '../../src/client/llm/complete-options.ts';
import type { HeadgateConfigInput } from '../../src/config/headgate-config-schema.ts';
import { LLMQueueException, RateLimitExceeded } from '../../src/domain/errors.ts';
import * as errors from '../../src/domain/llm-errors.ts';
import { anthropicAnswer, anthropicEvents, failure, keys, type Reply, refusal, type World, world } from './llm-world.ts';

async function failedWith(
  config: HeadgateConfigInput,
  reply: (count: number) => Reply,
  options: CompleteOptions<undefined> = {},
): Promise<{ error: unknown; of: World }> {
  const of = await world(config);
  of.behave((_, count) => reply(count));
  const error = await of.until(
    of.manager
      .getClient()
      .complete('my secret question', options)
      .catch((thrown: unknown) => thrown),
  );
  return { error, of };
}

function expectFamily(error: unknown, kind: abstract new (...args: never[]) => Error): asserts error is errors.LLMException {
  expect(error).toBeInstanceOf(kind);
  expect(error).toBeInstanceOf(errors.LLMException);
  expect(LLMQueueException.isInstance(error)).toBe(true);
  const everything = `${String(error)} ${JSON.stringify(error)}`;
  expect(everything).not.toContain('secret-key');
  expect(everything).not.toContain('secret question');
}

describe('errors of the client', () => {
  it('LLMProviderError: the provider refused the request itself, and says which deployment and why', async () => {
    const { error, of } = await failedWith(keys(2), () => failure(400, 'invalid_request_error'));
    expectFamily(error, errors.LLMProviderError);
    expect(error).toMatchObject({
      retryable: false,
      message: expect.stringMatching(/anthropic-[12].*out of order/),
      details: {
        provider: 'anthropic',
        status: 400,
        providerCode: 'invalid_request_error',
        deploymentId: expect.stringMatching(/anthropic-[12]/),
      },
    });
    expect(of.calls).toHaveLength(1);
  });

  it('LLMProviderError: an answer that is none, on every attempt', async () => {
    const { error } = await failedWith(keys(1), () => ({ json: '<html>secret-key-1 is not here</html>' }));
    expectFamily(error, errors.LLMProviderError);
  });

  it('LLMConnectionError: no answer, on every attempt', async () => {
    const { error, of } = await failedWith(keys(1), () => ({ breaks: true }));
    expectFamily(error, errors.LLMConnectionError);
    expect(error).toMatchObject({ retryable: true, details: { deploymentId: 'anthropic-1' } });
    expect(of.calls).toHaveLength(4);
  });

  it('LLMAuthenticationError: every key was refused; each is asked once', async () => {
    const { error, of } = await failedWith(keys(2), () => failure(401, 'authentication_error'));
    expectFamily(error, errors.LLMAuthenticationError);
    expect(of.calls).toHaveLength(2);
    expect(of.manager.getStatus('anthropic').clientStatuses).toMatchObject([
      { state: 'disabled', isAvailable: false },
      { state: 'disabled' },
    ]);
    await expect(of.until(of.manager.getClient().complete('again'))).rejects.toBeInstanceOf(errors.LLMAuthenticationError);
    expect(of.calls).toHaveLength(2);
  });

  it('LLMTimeoutError: an attempt took longer than settings.timeout', async () => {
    const { error } = await failedWith(keys(1, { settings: { timeout: 2, maxRetries: 0 } }), () => ({
      ...anthropicAnswer(),
      delayMs: 60_000,
    }));
    expectFamily(error, errors.LLMTimeoutError);
  });

  it('LLMTimeoutError: the deadline passed while it ran', async () => {
    const of = await world(keys(1));
    of.behave(() => ({ ...anthropicAnswer(), delayMs: 60_000 }));
    const error = await of.until(
      of.manager
        .getClient()
        .complete('a', { deadline: of.clock.wallMs() + 1_000 })
        .catch((thrown: unknown) => thrown),
    );
    expectFamily(error, errors.LLMTimeoutError);
  });

  it('LLMTimeoutError: no first token in time; LLMConnectionError: a stream without its end', async () => {
    const of = await world({
      models: {
        m: { deployments: [{ provider: 'anthropic', apiKey: 'secret-key-1' }], firstTokenTimeoutSeconds: 1, retry: { maxAttempts: 1 } },
      },
      pool: { healthCheckInterval: 0 },
    });
    of.behave((_, count) => (count === 1 ? { events: anthropicEvents('x'), gapMs: 5_000 } : { events: anthropicEvents('x').slice(0, -2) }));
    const read = async () => {
      for await (const _ of of.manager.getClient().streamComplete('a'));
    };
    expectFamily(await of.until(read().catch((thrown: unknown) => thrown)), errors.LLMTimeoutError);
    expectFamily(await of.until(read().catch((thrown: unknown) => thrown)), errors.LLMConnectionError);
  });

  it('LLMRateLimitError: the deadline passed while it was limited, by us or by the provider', async () => {
    const of = await world(keys(1, { rateLimits: { requestsPerMinute: 1 } }, { acquireTimeout: 600 }));
    const client = of.manager.getClient();
    await of.until(client.complete('a'));
    const ours = await of.until(client.complete('b', { deadline: of.clock.wallMs() + 1_000 }).catch((thrown: unknown) => thrown));
    expectFamily(ours, errors.LLMRateLimitError);

    const { error: theirs } = await failedWith(keys(1, {}, { acquireTimeout: 5 }), () => refusal(60));
    expectFamily(theirs, errors.LLMRateLimitError);
  });

  it('LLMConfigurationError: no such provider, and why one was left out', async () => {
    const of = await world({
      providers: { anthropic: { apiKeys: 'secret-key-1', models: 'm' }, cohere: { apiKeys: 'secret-key-2', models: 'm' } },
    });
    expect(of.manager.listProviders()).toEqual(['anthropic']);
    const errorOf = (act: () => unknown) => {
      try {
        return act();
      } catch (error) {
        return error;
      }
    };
    expectFamily(
      errorOf(() => of.manager.getClient('nobody')),
      errors.LLMConfigurationError,
    );
    expect(errorOf(() => of.manager.getClient('cohere'))).toMatchObject({
      message: expect.stringContaining("Provider 'cohere' is not known"),
    });
  });

  it('LLMException: the client was closed before the call was done', async () => {
    const of = await world(keys(1, { rateLimits: { requestsPerMinute: 1 } }, { acquireTimeout: 600 }));
    const client = of.manager.getClient();
    await of.until(client.complete('a'));
    const waiting = client.complete('b').catch((thrown: unknown) => thrown);
    await of.clock.advance(1);
    await of.until(of.manager.close({ force: true }));
    const error = await waiting;
    expectFamily(error, errors.LLMException);
    expect(error).toMatchObject({ code: 'client_closed' });
  });

  it("what can never fit a limit stays the engine's own error", async () => {
    const { error } = await failedWith(keys(1, { rateLimits: { inputTokensPerMinute: 1 } }), () => anthropicAnswer());
    expect(error).toBeInstanceOf(RateLimitExceeded);
  });
});
