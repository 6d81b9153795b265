import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OutputForecast } from '../../src/scheduling/estimates/output-forecast.ts';
import { OutputHistogram } from '../../src/scheduling/estimates/output-histogram.ts';
import { SeededRandom } from '../../src/simulator/seeded-random.ts';

const QUANTILES = new URL('../../../shared/data/quantiles.json', import.meta.url);

/** Percentiles 0 to 100 of the outputs of public traces; not part of the project. */
function traces(): [string, number[]][] {
  if (!existsSync(QUANTILES)) return [];
  const { series } = JSON.parse(readFileSync(QUANTILES, 'utf8')) as { series: Record<string, { output?: number[] }> };
  return Object.entries(series).flatMap(([name, { output }]) => (output?.length === 101 ? [[name, output] as [string, number[]]] : []));
}

/** A number whose percentiles are these. */
function draw(percentiles: readonly number[], random: SeededRandom): number {
  const at = random.next() * 100;
  const low = percentiles[Math.floor(at)] ?? 0;
  return Math.round(low + ((percentiles[Math.ceil(at)] ?? low) - low) * (at % 1));
}

describe('forecasting outputs', () => {
  test('until twenty are known the call’s own limit is reserved, or a default', () => {
    const forecast = new OutputForecast({ unknownOutput: 500 });
    for (let i = 0; i < 19; i++) {
      forecast.report('m', 4_000, 10);
      forecast.report('m', undefined, 10);
    }
    expect(forecast.expected('m', 4_000)).toBe(4_000);
    expect(forecast.expected('m', undefined)).toBe(500);
    forecast.report('m', 4_000, 10);
    forecast.report('m', undefined, 10);
    expect(forecast.expected('m', 4_000)).toBe(10);
    expect(forecast.expected('m', undefined)).toBe(10);
    expect(forecast.expected('m', 100)).toBe(100);
    expect(forecast.expected('other', 4_000)).toBe(4_000);
  });

  test('never more than the call’s own limit, and a share of 1 is never exceeded', () => {
    const forecast = new OutputForecast({ quantile: 1 });
    for (let output = 1; output <= 1_000; output++) forecast.report('m', 1_024, output);
    expect(forecast.expected('m', 1_024)).toBeGreaterThanOrEqual(1_000);
    expect(forecast.expected('m', 900)).toBe(900);
  });

  test('follows when outputs become ten times as long', () => {
    const forecast = new OutputForecast();
    for (let i = 0; i < 5_000; i++) forecast.report('m', 4_000, 100);
    for (let i = 0; i < 1_000; i++) forecast.report('m', 4_000, 1_000);
    expect(forecast.expected('m', 4_000)).toBeGreaterThanOrEqual(1_000);
  });

  test('what is no number of tokens is not heard, and memory is bounded', () => {
    const forecast = new OutputForecast();
    for (let i = 0; i < 30; i++) for (const odd of [Number.NaN, -5, Number.POSITIVE_INFINITY]) forecast.report('m', 100, odd);
    expect(forecast.expected('m', 100)).toBe(100);
    const histogram = new OutputHistogram();
    histogram.add(1e12);
    expect(histogram.quantile(1)).toBeGreaterThan(1e6);
    for (let i = 0; i < 100_000; i++) histogram.add(i % 500);
    expect(histogram.samples).toBeLessThanOrEqual(2_000);
  });

  test.runIf(traces().length > 0)(
    'on public traces a forecast is exceeded as often as stated, and reserves a fraction of the limit',
    () => {
      for (const [name, percentiles] of traces()) {
        for (const quantile of [0.8, 0.9, 0.95]) {
          const random = new SeededRandom(7);
          const forecast = new OutputForecast({ quantile });
          const maxOutput = Math.ceil(percentiles[100] ?? 1);
          let exceeded = 0;
          let reserved = 0;
          let limits = 0;
          let used = 0;
          const calls = 10_000;
          for (let i = 0; i < calls; i++) {
            const output = draw(percentiles, random);
            const expected = forecast.expected(name, maxOutput);
            if (output > expected) exceeded++;
            reserved += expected;
            limits += maxOutput;
            used += output;
            forecast.report(name, maxOutput, output);
          }
          const figures = `${name}, ${quantile}: exceeded by ${((100 * exceeded) / calls).toFixed(1)} %; used ÷ reserved ${(used / reserved).toFixed(2)} against ${(used / limits).toFixed(2)} with the limit (seed 7)`;
          expect(Math.abs(exceeded / calls - (1 - quantile)), figures).toBeLessThan(0.03);
          expect(used / reserved, figures).toBeGreaterThan(1.5 * (used / limits));
          process.stdout.write(`${figures}\n`);
        }
      }
    },
  );
});
