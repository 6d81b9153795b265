import { describe, expect, it } from 'vitest';
import type { ConfiguredOptions } from '../../src/cli/batch/batch-options.ts';
import type { BatchRequest } from '../../src/cli/batch/batch-request.ts';
import { batchModels, queueConfig } from '../../src/cli/batch/configured/batch-models.ts';
import { keptLimits, restoreSent } from '../../src/cli/batch/configured/kept-limits.ts';
import { meteredLimits } from '../../src/cli/batch/configured/metered-limits.ts';
import { Reachability } from '../../src/cli/batch/configured/reachability.ts';
import { UseMeter } from '../../src/cli/batch/configured/use-meter.ts';
import { wireFormOf } from '../../src/cli/batch/configured/wire-form.ts';
import { SentLedger } from '../../src/cli/batch/sent-ledger.ts';
import { withUnrecordedUsage } from '../../src/cli/batch/unrecorded-usage.ts';
import { parseHeadgateConfig } from '../../src/config/headgate-config.ts';
import type { HeadgateConfigInput } from '../../src/config/headgate-config-schema.ts';
import { QueueManager } from '../../src/index.ts';
import { ProviderFailure } from '../../src/providers/provider-failure.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const clock = new VirtualClock();
const at = (more: object = {}) => ({ provider: 'openai', apiKey: 'sk-key', ...more });

function modelsOf(input: HeadgateConfigInput) {
  const config = parseHeadgateConfig(input, { env: {} });
  const options: ConfiguredOptions = {
    command: 'run',
    input: 'in',
    output: 'out',
    format: 'jsonl',
    model: undefined,
    concurrency: 8,
    lineLimit: undefined,
    config,
    configPath: 'c.yaml',
    env: {},
    maxAttempts: undefined,
    attemptTimeoutSeconds: undefined,
  };
  return [...batchModels(options, { clock, env: {} }).values()];
}

const models = modelsOf({
  domains: { org: { rateLimiters: [{ type: 'tpm', limit: 1000 }] } },
  models: {
    a: {
      rateLimiters: [{ type: 'rpm', limit: 90 }],
      maxQueueSize: 1,
      deployments: [at({ rateLimiters: [{ type: 'rpm', limit: 50 }], domain: 'org' }), at({ domain: 'org' })],
    },
  },
});

describe('what earlier runs sent', () => {
  it('is kept for each deployment with its domains, and for each model', () => {
    expect(keptLimits(models).map(({ model, type, limit, windowMs }) => [model, type, limit, windowMs])).toEqual([
      ['model a', 'rpm', 90, 60_000],
      ['deployment openai-1', 'rpm', 50, 60_000],
      ['deployment openai-1', 'tpm', 1000, 60_000],
      ['deployment openai-2', 'tpm', 1000, 60_000],
    ]);
  });

  it('counts in the limits it was sent under, and in no other: a domain gets the sum', async () => {
    const manager = new QueueManager({ clock });
    for (const model of models) manager.registerQueue(queueConfig(model, 8), () => undefined);
    const ledger = new SentLedger(keptLimits(models), [], () => {});
    const now = clock.wallMs();
    const cost = { inputTokens: 60, outputTokens: 40 };
    for (const key of ['deployment openai-1', 'deployment openai-1', 'deployment openai-2']) ledger.record(key, cost, now);
    for (let i = 0; i < 3; i++) ledger.record('model a', cost, now);
    await restoreSent(manager, models, ledger, now);
    expect(manager.getRegisteredModels()).toEqual(['a']);
    const { rateLimiters, deployments } = manager.getQueueInfo('a');
    const usage = (limits: typeof rateLimiters) => limits.map(({ type, domain, usage: used }) => [type, domain, used]);
    expect(usage(rateLimiters.filter(({ domain }) => domain === 'model a'))).toEqual([['rpm', 'model a', 3]]);
    expect(deployments.map((each) => usage(each.rateLimiters))).toEqual([
      [
        ['rpm', undefined, 2],
        ['tpm', 'org', 300],
      ],
      [['tpm', 'org', 300]],
    ]);
    await manager.shutdownAll();
  });

  it('is trusted for as long a window as it was kept for', () => {
    const [limit] = keptLimits(models);
    if (limit === undefined) throw new Error('There is no limit.');
    const earlier = { windowMs: undefined, lastActiveAt: 5, finished: 7 };
    const record = { model: 'model a', type: 'rpm', windowMs: 30_000, slots: [[5, 1] as const] };
    expect(withUnrecordedUsage([limit], { ...earlier, sent: [{ ...record, windowMs: 60_000 }] })).toEqual([
      { ...record, windowMs: 60_000 },
    ]);
    expect(withUnrecordedUsage([limit], { ...earlier, sent: [record] })).toEqual([{ model: 'model a', type: 'rpm', slots: [[5, 90]] }]);
  });
});

describe('what a run used', () => {
  it('is told for each limit once, also where deployments share it', () => {
    const manager = new QueueManager({ clock });
    for (const model of models) manager.registerQueue(queueConfig(model, 8), () => undefined);
    const meter = new UseMeter();
    for (const id of ['openai-1', 'openai-2']) meter.written([`deployment ${id}`, 'model a'], { inputTokens: 60, outputTokens: 40 }, 0);
    expect(meteredLimits(manager, models).map((limit) => meter.use(limit))).toEqual([
      { model: 'a', type: 'rpm', limit: 90, used: 2, share: 2 / 90 },
      { model: 'a', deployment: 'openai-1', type: 'rpm', limit: 50, used: 1, share: 0.02 },
      { model: 'a', domain: 'org', type: 'tpm', limit: 1000, used: 200, share: 0.2 },
    ]);
  });
});

describe('the form of a line', () => {
  const line = (more: Partial<BatchRequest>): BatchRequest => ({
    id: 'x',
    line: 1,
    model: 'm',
    path: '/chat/completions',
    body: {
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      temperature: 0,
    },
    priority: undefined,
    tenant: undefined,
    ...more,
  });

  it('is its own where a deployment speaks it', () => {
    expect(wireFormOf(line({}), new Set(['openai-chat', 'anthropic-messages']))).toEqual({ format: 'openai-chat', body: line({}).body });
    expect(wireFormOf(line({ path: '/messages' }), new Set(['anthropic-messages']))?.format).toBe('anthropic-messages');
  });

  it("is Anthropic's for a prompt, where only that is spoken, and never for a line that named another endpoint", () => {
    expect(wireFormOf(line({ isPlain: true }), new Set(['anthropic-messages']))).toEqual({
      format: 'anthropic-messages',
      body: { model: 'm', max_tokens: 1024, system: 'Be brief.', messages: [{ role: 'user', content: 'Hi' }], temperature: 0 },
    });
    expect(wireFormOf(line({}), new Set(['anthropic-messages']))).toBeUndefined();
    expect(wireFormOf(line({ path: '/images' }), new Set(['openai-chat']))).toBeUndefined();
  });
});

describe('a model whose deployments are silent', () => {
  const gone = (deploymentId: string): ProviderFailure =>
    new ProviderFailure({
      message: 'no answer',
      code: 'ECONNREFUSED',
      retryable: true,
      deploymentId,
      cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    });

  it('ends the run when none ever answered, and not while one does', () => {
    const reachability = new Reachability();
    const fail = (id: string, now = 0) => reachability.failed(gone(id), 'm', ['a', 'b'], now);
    expect([fail('a'), fail('a'), fail('a'), fail('b'), fail('b')]).toEqual(Array.from({ length: 5 }));
    expect(fail('b')?.message).toBe("Model 'm': can't reach 'a', 'b': connect ECONNREFUSED. Stopped; what was finished is kept.");
    reachability.replied('a');
    expect(fail('b')).toBeUndefined();
    expect(fail('a', 1000)).toBeUndefined();
    // It was there once: half a minute has to pass.
    expect(fail('a', 20_000)).toBeUndefined();
    expect(fail('a', 32_000)).toBeDefined();
  });
});
