import { describe, expect, it } from 'vitest';
import { redact } from '../../src/observability/redact.ts';

describe('what is logged', () => {
  it('is censored at any depth and however the field is spelled', () => {
    const value = {
      a: { b: { c: { d: { API_KEY: 'k1', Authorization: 'k2', 'x-api-key': 'k3', requestId: 'r' } } } },
      list: [{ prompt: 'p1' }],
    };
    const written = JSON.stringify(redact(value));
    for (const secret of ['k1', 'k2', 'k3', 'p1']) expect(written).not.toContain(secret);
    expect(written).toContain('"requestId":"r"');
    expect(value.list[0]?.prompt).toBe('p1');
  });

  it('keeps an error’s name, text and trace, and censors what hangs on it', () => {
    const error = Object.assign(new TypeError('why'), { reply: { text: 'a whole answer' }, status: 500 });
    const written = redact({ err: error }) as { err: { type: string; message: string; stack: string; reply: unknown; status: number } };
    expect(written.err).toMatchObject({ type: 'TypeError', message: 'why', status: 500, reply: '[redacted]' });
    expect(written.err.stack).toContain('TypeError: why');
  });

  it('ends, whatever it is given', () => {
    const round: Record<string, unknown> = { name: 'round' };
    round.self = round;
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, i]));
    expect(JSON.stringify(redact(round)).length).toBeLessThan(1_000);
    expect(Object.keys(redact(wide)).length).toBe(1_000);
    expect(redact({ at: new Date(0), none: null, fine: 1 })).toEqual({ at: new Date(0), none: null, fine: 1 });
  });
});
