import { describe, expect, it } from 'vitest';
import type { LoadOptions } from '../../src/cli/load/load-options.ts';
import { showLoad } from '../../src/cli/load/load-progress.ts';
import { loadLines, loadReport } from '../../src/cli/load/load-report.ts';
import { LoadTally } from '../../src/cli/load/load-tally.ts';
import { runLoad } from '../../src/cli/load/run-load.ts';
import { at, world } from '../client/headgate-world.ts';

const OPTIONS: LoadOptions = { model: 'm', requests: 20, concurrency: 4, stream: true, promptTokens: 30, maxTokens: 8, rate: undefined };
const SLOW = { latency: { headersMs: { min: 100, max: 100 }, bodyMs: { min: 50, max: 50 } } };
const MODELS = { models: { m: { deployments: [at('one'), at('two')] }, e: { type: 'embeddings' as const, deployments: [at('one')] } } };

describe('a load test', () => {
  it('measures calls from their start, and what they waited before it', async () => {
    const { headgate, clock, during, provider } = await world(MODELS, { one: SLOW, two: SLOW });
    const tally = new LoadTally();
    const startedAt = clock.now();
    await during(runLoad(OPTIONS, { headgate, clock, tally, signal: new AbortController().signal }));
    expect({ completed: tally.completed, failed: tally.failed }).toEqual({ completed: 20, failed: 0 });
    expect(tally.firstToken.percentile(0.5)).toBeGreaterThan(90);
    expect(tally.latency.percentile(0.5)).toBeGreaterThan(140);
    expect(tally.latency.percentile(1)).toBeLessThan(170);
    // Twenty in rows of four.
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(5 * 150);
    expect(provider('one').stats().accepted + provider('two').stats().accepted).toBe(20);
    const facts = { target: 'c.yaml', elapsedMs: 1000, refusals: 0, retries: 0, deploymentIds: ['openai-1', 'openai-2', 'openai-9'] };
    const report = loadReport(OPTIONS, tally, facts);
    expect(report.deployments.map(({ id }) => id)).toEqual(['openai-1', 'openai-2', 'openai-9']);
    expect(report.deployments.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(report).toMatchObject({ requestsPerSecond: 20, completed: 20 });
    const text = loadLines(report).join('\n');
    for (const part of ['20 completed, 0 failed, of 20', 'first token', 'time in queue', 'openai-2', 'share']) expect(text).toContain(part);
    await headgate.close();
  });

  it('hands in at its rate', async () => {
    const { headgate, clock, during } = await world(MODELS, { one: {}, two: {} });
    const tally = new LoadTally();
    const startedAt = clock.now();
    const options = { ...OPTIONS, stream: false, requests: 11, concurrency: 11, rate: 10 };
    await during(runLoad(options, { headgate, clock, tally, signal: new AbortController().signal }));
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(1000);
    expect(clock.now() - startedAt).toBeLessThan(1100);
    expect(tally.completed).toBe(11);
    await headgate.close();
  });

  it('gives up what runs when it is stopped, and does not call that failed', async () => {
    const { headgate, clock, during } = await world(MODELS, { one: SLOW, two: SLOW });
    const tally = new LoadTally();
    const stop = new AbortController();
    clock.setTimeout(() => stop.abort(), 200);
    await during(runLoad(OPTIONS, { headgate, clock, tally, signal: stop.signal }));
    expect(tally).toMatchObject({ completed: 4, cancelled: 4, failed: 0 });
    await headgate.close();
  });

  it('counts errors by their code, and says what the first one said', async () => {
    const { headgate, clock, during } = await world(MODELS, { one: { models: ['x'] }, two: { models: ['x'] } });
    const tally = new LoadTally();
    await during(runLoad({ ...OPTIONS, requests: 3 }, { headgate, clock, tally, signal: new AbortController().signal }));
    expect([...tally.errors]).toEqual([
      ['model_not_found', { count: 3, message: expect.stringContaining("Deployment 'openai-") as string }],
    ]);
    await headgate.close();
  });

  it('makes embeddings of a model for that, which do not stream', async () => {
    const { headgate, clock, during, sent } = await world(MODELS, { one: {}, two: {} });
    const parts = { headgate, clock, tally: new LoadTally(), signal: new AbortController().signal };
    await expect(runLoad({ ...OPTIONS, model: 'e' }, parts)).rejects.toThrow("Model 'e' makes embeddings, which don't stream");
    await during(runLoad({ ...OPTIONS, model: 'e', stream: false, requests: 1 }, parts));
    expect(sent.map(({ path }) => path)).toEqual(['/v1/embeddings']);
    await headgate.close();
  });

  it('says why nothing goes on while everything waits', async () => {
    const broken = { script: () => ({ fault: 'serverError' }) as const };
    const { headgate, clock } = await world({ models: { m: { deployments: [at('one')] } } }, { one: broken });
    const tally = new LoadTally();
    const stop = new AbortController();
    let shown = '';
    const end = showLoad({ tally, requests: 20, queues: headgate.queues }, { write: (text) => (shown += text) }, clock);
    const running = runLoad({ ...OPTIONS, stream: false }, { headgate, clock, tally, signal: stop.signal });
    await clock.advance(20_000);
    end();
    expect(shown).toMatch(/\/20 \d+\.\d % · waits: deployment 'openai-1': circuit open until 20.*, after \d+ failures: /);
    stop.abort();
    await headgate.close({ force: true });
    await running;
  });
});
