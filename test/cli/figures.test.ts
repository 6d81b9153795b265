import { describe, expect, it } from 'vitest';
import { batchReport } from '../../src/cli/batch/batch-report.ts';
import { BatchStatistics } from '../../src/cli/batch/batch-statistics.ts';
import { DurationHistogram } from '../../src/cli/batch/duration-histogram.ts';
import { LimitUseMeter } from '../../src/cli/batch/limit-use.ts';
import { usageOf } from '../../src/cli/batch/usage-of.ts';
import { count, duration, percent, table } from '../../src/cli/format.ts';
import { ProgressRate } from '../../src/cli/progress-rate.ts';
import { summaryLines } from '../../src/cli/summary.ts';

describe('percentiles', () => {
  it('are right to some percent', () => {
    const histogram = new DurationHistogram();
    for (let i = 1; i <= 10_000; i++) histogram.add(i);
    for (const part of [0.01, 0.5, 0.99, 1]) expect(Math.abs(histogram.percentile(part) / (10_000 * part) - 1)).toBeLessThan(0.03);
  });

  it('are 0 where there is nothing, and nothing takes no time', () => {
    const histogram = new DurationHistogram();
    expect(histogram.percentile(0.5)).toBe(0);
    histogram.add(0);
    expect(histogram.percentile(0.99)).toBe(0);
  });
});

describe('the share of a limit', () => {
  it('counts one window more than lies between the first and the last call', () => {
    const meter = new LimitUseMeter([
      { model: 'a', type: 'tpm', limit: 100, windowMs: 1000, countedWithinMs: 0 },
      { model: 'b', type: 'rpm', limit: 10, windowMs: 1000, countedWithinMs: 0 },
    ]);
    expect(meter.all().map(({ share }) => share)).toEqual([0, 0]);
    meter.add('a', { inputTokens: 60, outputTokens: 40 }, 500);
    expect(meter.all()[0]).toEqual({ model: 'a', type: 'tpm', limit: 100, used: 100, share: 1 });
    meter.add('a', { inputTokens: 50, outputTokens: 0 }, 1500);
    expect(meter.all().map(({ used, share }) => [used, share])).toEqual([
      [150, 0.75],
      [0, 0],
    ]);
  });
});

describe('tokens used', () => {
  it.each([
    [{ usage: { prompt_tokens: 3, completion_tokens: 4 } }, { inputTokens: 3, outputTokens: 4 }],
    [{ usage: { input_tokens: 3, output_tokens: 4 } }, { inputTokens: 3, outputTokens: 4 }],
    [{ usage: { prompt_tokens: 3, total_tokens: 3 } }, { inputTokens: 3, outputTokens: 0 }],
    [{ usage: null }, undefined],
    [{ usage: { prompt_tokens: 'x' } }, undefined],
    [null, undefined],
    ['text', undefined],
  ])('are read from %j', (body, tokens) => {
    expect(usageOf(body)).toEqual(tokens);
  });
});

describe('what people read', () => {
  it('is formatted for people', () => {
    expect([count(1_234_567), percent(0.9731), percent(1, 0)]).toEqual(['1,234,567', '97.3 %', '100 %']);
    expect([0, 0.5, 850, 4200, 185_000, 7_269_000, Number.POSITIVE_INFINITY].map(duration)).toEqual([
      '0 s',
      '0.50 ms',
      '850 ms',
      '4.2 s',
      '3:05',
      '2:01:09',
      '–',
    ]);
    expect(
      table([
        ['a', '1'],
        ['bbb', '22'],
      ]),
    ).toEqual(['a     1', 'bbb  22']);
  });

  it('is a rate that follows what happens', () => {
    const rate = new ProgressRate(0, 0);
    expect(rate.remainingMs(5)).toBe(Number.POSITIVE_INFINITY);
    for (let s = 1; s <= 10; s++) rate.sample(100 * s, 1000 * s);
    expect(rate.perSecond).toBeCloseTo(100);
    for (let s = 11; s <= 40; s++) rate.sample(1000 + 10 * (s - 10), 1000 * s);
    expect(rate.perSecond).toBeLessThan(13);
    expect(rate.remainingMs(0)).toBe(0);
  });

  it('is a summary with every figure of the report', () => {
    const statistics = new BatchStatistics();
    Object.assign(statistics, { completed: 1200, failed: 3, skipped: 40, attempts: 1210, refusals: 2 });
    statistics.addTokens({ inputTokens: 10, outputTokens: 5 }, { inputTokens: 9, outputTokens: 3 });
    const report = batchReport(1243, statistics, { limits: [{ model: 'm', type: 'rpm', limit: 100, used: 1203, share: 0.98765 }] }, 12_000);
    expect(report).toMatchObject({ requestsPerSecond: 100, seconds: 12, tokens: { estimated: 15, used: 12 }, limits: [{ share: 0.9877 }] });
    const text = summaryLines(report, 'out.jsonl').join('\n');
    for (const part of [
      '1,200 completed',
      '3 failed',
      '40 done earlier',
      'out.jsonl',
      '100.0 requests/s',
      '1,210 attempts',
      '2 refusals',
      '15 estimated',
      '12 used',
      'm rpm',
      '98.8 %',
    ])
      expect(text).toContain(part);
  });
});
