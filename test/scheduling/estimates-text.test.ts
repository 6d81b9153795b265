import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodingOf, loadTokenizer } from '../../src/providers/tokenizer.ts';
import { countTokens } from '../../src/scheduling/estimates/count-tokens.ts';
import { estimateCharacters, estimateText } from '../../src/scheduling/estimates/estimate-text.ts';

const PROSE = 'The lock keeper opens the gate a hand wide, and lets in as much water as the channel below can carry. ';
const LETTERS = 'etaoinshrdlucmfwypvbgkjqxz';

function randomLetters(length: number): string {
  let state = 7;
  return Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return LETTERS[state % LETTERS.length];
  }).join('');
}

describe('estimates from characters', () => {
  test('four ASCII characters are a token, any other character is one', () => {
    expect(estimateText('')).toBe(0);
    expect(estimateText('abcdefgh')).toBe(2);
    expect(estimateText('流量控制')).toBe(4);
    expect(estimateText('abcd流量')).toBe(3);
    expect(estimateCharacters('abcd流量')).toBe(1.5);
  });

  test('prose is met within 20 %, Chinese is not underestimated', async () => {
    const tokenizer = await loadTokenizer();
    const prose = PROSE.repeat(40);
    expect(estimateText(prose) / tokenizer(prose)).toBeGreaterThan(0.8);
    expect(estimateText(prose) / tokenizer(prose)).toBeLessThan(1.25);
    const chinese = '闸门开启，水流进入渠道。水位上升，闸门关闭。'.repeat(20);
    expect(estimateText(chinese)).toBeGreaterThanOrEqual(tokenizer(chinese));
  });
});

describe('exact counts', () => {
  /** Looks at what a tokenizer is given: its time grows with the square of each run. */
  function witness(): { tokenizer: (text: string) => number; characters: () => number; longestRun: () => number } {
    let characters = 0;
    let longest = 0;
    return {
      tokenizer: (text) => {
        characters += text.length;
        for (const run of text.match(/[\p{L}\p{M}]+|\s+|[^\s\p{L}\p{N}]+/gu) ?? []) longest = Math.max(longest, [...run].length);
        return 1;
      },
      characters: () => characters,
      longestRun: () => longest,
    };
  }

  const runs: [string, string][] = [
    ['letters', 'a'.repeat(80_000)],
    ['Chinese', '水'.repeat(80_000)],
    ['combining marks', 'กำ'.repeat(40_000)],
    ['signs', '=!-'.repeat(26_667)],
    ['blanks', ' \n'.repeat(40_000)],
    ['emoji', '😀'.repeat(40_000)],
  ];
  test.each(runs)('80,000 %s reach the tokenizer in runs of 256 at most, each character once', (_, text) => {
    const { tokenizer, characters, longestRun } = witness();
    countTokens(text, tokenizer);
    expect(characters()).toBe(text.length);
    expect(longestRun()).toBeLessThanOrEqual(256);
  });

  test('cutting changes the count by 0.1 % at most, and by nothing in prose', async () => {
    const tokenizer = await loadTokenizer();
    const prose = PROSE.repeat(20);
    expect(countTokens(prose, tokenizer)).toBe(tokenizer(prose));
    for (const text of [randomLetters(4_000), 'a'.repeat(4_000), ' '.repeat(4_000), '水'.repeat(2_000)]) {
      const mixed = prose.repeat(3) + text;
      expect(Math.abs(countTokens(mixed, tokenizer) / tokenizer(mixed) - 1), text.slice(0, 9)).toBeLessThanOrEqual(0.001);
    }
  });

  test('no text is given to the tokenizer that is above the bound', () => {
    const never = () => expect.fail('the tokenizer was asked');
    expect(countTokens('a'.repeat(1_000_001), never)).toBe(250_000.25);
    expect(countTokens('abcdefgh', never, 7)).toBe(2);
  });

  test('each part is counted once, wherever it is cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 2_000 }), fc.nat({ max: 900 }), (text, letters) => {
        const whole = text + 'x'.repeat(letters) + text;
        const parts: string[] = [];
        countTokens(whole, (part) => parts.push(part));
        expect(parts.join('')).toBe(whole);
      }),
      { seed: 41, numRuns: 60 },
    );
  });
});

describe('the tokenizer', () => {
  test('control tokens in a text are text', async () => {
    const tokenizer = await loadTokenizer();
    expect(tokenizer('a <|endoftext|> b')).toBeGreaterThan(5);
  });

  test('is loaded once', () => {
    expect(loadTokenizer()).toBe(loadTokenizer('o200k'));
  });

  test.each([
    ['gpt-4o', 'o200k'],
    ['gpt-4.1-mini', 'o200k'],
    ['gpt-5.6', 'o200k'],
    ['claude-opus-5', 'o200k'],
    ['openai/gpt-4-turbo', 'cl100k'],
    ['gpt-3.5-turbo', 'cl100k'],
    ['gpt-35-turbo', 'cl100k'],
    ['text-embedding-3-small', 'cl100k'],
  ])('%s is encoded with %s', (model, encoding) => {
    expect(encodingOf(model)).toBe(encoding);
  });

  test('cl100k counts too', async () => {
    const tokenizer = await loadTokenizer('cl100k');
    expect(tokenizer('The gate is open.')).toBe(5);
  });
});
