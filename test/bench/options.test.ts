import { describe, expect, it } from 'vitest';
import { parseBenchOptions } from '../../bench/harness/options.ts';

describe('the options of the benchmarks', () => {
  it('runs everything by default', () => {
    expect(parseBenchOptions([])).toEqual({ quick: false, only: [], write: false, check: false, help: false });
  });

  it('takes cases by name, several times', () => {
    expect(parseBenchOptions(['--quick', '--only', 'share', '--only', 'idle'])).toMatchObject({ quick: true, only: ['share', 'idle'] });
  });

  it('writes and checks tables of complete runs only', () => {
    expect(() => parseBenchOptions(['--write', '--quick'])).toThrow('complete run');
    expect(() => parseBenchOptions(['--check', '--only', 'idle'])).toThrow('complete run');
    expect(() => parseBenchOptions(['--check', '--write'])).toThrow('exclude');
  });

  it('names what it does not know', () => {
    expect(() => parseBenchOptions(['--fast'])).toThrow('--fast');
    expect(() => parseBenchOptions(['--only'])).toThrow('--only needs');
    expect(() => parseBenchOptions(['--only', '--quick'])).toThrow('--only needs');
  });
});
