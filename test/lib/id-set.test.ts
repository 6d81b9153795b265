import { describe, expect, it } from 'vitest';
import { idDigestHex } from '../../src/lib/id-digest.ts';
import { IdSet } from '../../src/lib/id-set.ts';

describe('IdSet', () => {
  it('knows what was added and the line it stood on', () => {
    const ids = new IdSet();
    expect(ids.add('a', 1)).toBeUndefined();
    expect(ids.add('b', 2)).toBeUndefined();
    expect(ids.add('a', 3)).toBe(1);
    expect([ids.has('a'), ids.has('b'), ids.has('c'), ids.has('')]).toEqual([true, true, false, false]);
    expect(ids.size).toBe(2);
  });

  it('keeps a million ids of one pattern apart in at most 32 MB', () => {
    const ids = new IdSet();
    let clashes = 0;
    for (let i = 1; i <= 1_000_000; i++) if (ids.add(`request-${i}`, i) !== undefined) clashes += 1;
    expect(clashes).toBe(0);
    expect(ids.bytes).toBeLessThanOrEqual(32 * 1024 * 1024);
    expect(ids.add('request-777777', 1)).toBe(777_777);
    expect(ids.has('request-1000001')).toBe(false);
  });

  it('tells apart ids that differ in one character, in order, or in length', () => {
    const texts = ['ab', 'ba', 'a', 'aa', 'aaa', 'a\u0000', '\u0000a', 'ä', 'A', 'line-1', 'line-11', 'line-111'];
    expect(new Set(texts.map(idDigestHex)).size).toBe(texts.length);
    for (const text of texts) expect(idDigestHex(text)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('spreads digests over all their bits', () => {
    const ones = Array.from({ length: 64 }, () => 0);
    for (let i = 0; i < 4000; i++) {
      const bits = BigInt(`0x${idDigestHex(`id-${i}`)}`);
      for (let bit = 0; bit < 64; bit++) ones[bit] = (ones[bit] ?? 0) + Number((bits >> BigInt(bit)) & 1n);
    }
    for (const count of ones) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });
});
