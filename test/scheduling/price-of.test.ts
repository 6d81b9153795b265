import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priceOf } from '../../src/scheduling/estimates/price-of.ts';

const PRICE = { input: 2, output: 8, cachedInput: 0.5 };

describe('the price of a call', () => {
  it('is per million tokens, input and output apart', () => {
    expect(priceOf({ inputTokens: 1_000_000, outputTokens: 500_000 }, PRICE)).toBe(6);
  });

  it('counts what was read from a cache at its own price, or as other input', () => {
    const usage = { inputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 0 };

    expect(priceOf(usage, PRICE)).toBe(1.4);
    expect(priceOf(usage, { input: 2, output: 8 })).toBe(2);
  });

  it('counts cache reads too where they don’t count against limits', () => {
    const usage = { inputTokens: 600_000, allInputTokens: 1_000_000, cachedInputTokens: 400_000, outputTokens: 0 };

    expect(priceOf(usage, PRICE)).toBe(1.4);
  });

  it('is never below zero, whatever a provider reports', () => {
    const tokens = fc.nat(1_000_000);
    fc.assert(
      fc.property(tokens, tokens, tokens, fc.option(tokens, { nil: undefined }), (inputTokens, outputTokens, cachedInputTokens, all) => {
        expect(priceOf({ inputTokens, outputTokens, cachedInputTokens, allInputTokens: all }, PRICE)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
