import { describe, expect, it } from 'vitest';
import { interpretLine } from '../../src/cli/batch/interpret-line.ts';
import { demoBatch } from '../../src/cli/demo-batch.ts';

describe('the batch of the demo', () => {
  const batch = demoBatch();
  const requests = batch.text
    .trimEnd()
    .split('\n')
    .map((text, i) =>
      interpretLine(
        { number: i + 1, text, bytes: text.length, start: 0, isEnded: true, isTooLong: false },
        { format: 'jsonl', model: undefined },
      ),
    );

  it('is 2,000 valid requests of two models, mixed sizes, priorities and tenants, always the same', () => {
    expect(requests).toHaveLength(2000);
    const valid = requests.filter((request) => request !== undefined && 'body' in request);
    expect(valid).toHaveLength(2000);
    expect(new Set(valid.map(({ id }) => id)).size).toBe(2000);
    expect([...new Set(valid.map(({ model }) => model))].sort()).toEqual([...batch.models].sort());
    expect(new Set(valid.map(({ priority }) => priority)).size).toBe(5);
    expect(new Set(valid.map(({ tenant }) => tenant)).size).toBe(2);
    expect(demoBatch().text).toBe(batch.text);
  });

  it('takes about six windows of its limits', () => {
    const small = requests.filter((request) => request !== undefined && 'model' in request && request.model === 'demo-small').length;
    expect(small / batch.rpm).toBeGreaterThan(5.8);
    expect(small / batch.rpm).toBeLessThanOrEqual(6);
  });
});
