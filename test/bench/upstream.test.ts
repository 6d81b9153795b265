import { describe, expect, it } from 'vitest';
import { chunkSentAt, eachMoment, FIRST_CHUNK, LAST_CHUNKS, WHOLE_ANSWER } from '../../bench/upstream/chat-texts.ts';

function moments(text: string): number[] {
  const found: number[] = [];
  eachMoment(Buffer.from(text), (moment) => found.push(moment));
  return found;
}

describe('the texts of the HTTP benchmarks', () => {
  it('carry the moment of every chunk, and of nothing else', () => {
    expect(moments(chunkSentAt(123) + chunkSentAt(456_789))).toEqual([123, 456_789]);
    expect(moments(FIRST_CHUNK + LAST_CHUNKS)).toEqual([]);
  });

  it('are JSON in events, and an answer of about 1 kB', () => {
    const events = (FIRST_CHUNK + chunkSentAt(7) + LAST_CHUNKS).split('\n\n').slice(0, -2);
    const contents = events.map((event) => JSON.parse(event.slice('data: '.length)).choices[0].delta.content);
    expect(contents).toEqual(['', '7', undefined]);
    expect(JSON.parse(WHOLE_ANSWER).usage.total_tokens).toBe(467);
    expect(WHOLE_ANSWER.length).toBeGreaterThan(900);
    expect(WHOLE_ANSWER.length).toBeLessThan(1300);
  });
});
