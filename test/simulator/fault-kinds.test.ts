import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, type FaultKind, isRejection, type SimulatedProvider, simulateHttp } from '../../src/simulator/index.ts';
import { ANTHROPIC, chat, message, setUp } from './in-process.ts';

const OPENAI_PATH = '/v1/chat/completions';
const AZURE_PATH = '/openai/deployments/gpt/chat/completions?api-version=1';
const SLOW = { headersMs: { min: 50, max: 50 }, bodyMs: { min: 400, max: 400 } };

interface Seen {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text: string;
  /** `head` or `body`, where the connection broke. */
  readonly broke?: string;
}

/** What a caller sees of one call with a fault, in the end. */
async function see(provider: SimulatedProvider, path: string, body: object, headers: Record<string, string>): Promise<Seen> {
  let text = '';
  try {
    const answer = await simulateHttp(provider, { path, headers, body: JSON.stringify(body) });
    const { status } = answer;
    try {
      for await (const chunk of answer.body) text += Buffer.from(chunk).toString('utf8');
      return { status, headers: answer.headers, text };
    } catch (error) {
      expect(error).toMatchObject({ code: 'ECONNRESET' });
      return { status, headers: answer.headers, text, broke: 'body' };
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    return { text, broke: 'head' };
  }
}

async function meet(kind: FaultKind, face: 'openai' | 'azure' | 'anthropic', stream: boolean) {
  const { provider, clock } = setUp({
    limits: [{ type: 'rpm', limit: 100, windowMs: 60_000, mechanism: 'sliding' }],
    latency: SLOW,
    faults: { stallMs: 9000, longLineBytes: 50_000 },
  });
  const more = { stream, metadata: { simulate: `fault=${kind} output_tokens=40` } };
  const call = face === 'anthropic' ? see(provider, '/v1/messages', message(more), ANTHROPIC) : undefined;
  const pending = call ?? see(provider, face === 'azure' ? AZURE_PATH : OPENAI_PATH, chat(more), {});
  let seen: Seen | undefined;
  void pending.then((value) => {
    seen = value;
  });
  await clock.advance(1000);
  const early = seen;
  await clock.advance(10_000);
  expect(clock.pendingTimers).toBe(0);
  return { seen: await pending, stalled: early === undefined, stats: provider.stats() };
}

const STATUS: Readonly<Partial<Record<FaultKind, readonly [openai: number, azure: number, anthropic: number]>>> = {
  badGateway: [502, 502, 502],
  rateLimit: [429, 429, 429],
  slowDown: [429, 429, 429],
  overloaded: [503, 429, 529],
  tooLarge: [429, 429, 413],
  insufficientQuota: [429, 429, 429],
  unauthorized: [401, 401, 401],
  forbidden: [403, 403, 403],
  notFound: [404, 404, 404],
  promptTooLong: [400, 400, 400],
  contentFilter: [400, 400, 400],
};
const BREAKS: Readonly<Partial<Record<FaultKind, string>>> = { reset: 'head', stallHeaders: 'head', stall: 'body', resetInBody: 'body' };
const STALLS: readonly FaultKind[] = ['stall', 'stallHeaders'];
const FACES = ['openai', 'azure', 'anthropic'] as const;

describe('faults', () => {
  it.each(FAULT_KINDS.flatMap((kind) => FACES.flatMap((face) => [true, false].map((stream) => [kind, face, stream] as const))))(
    '%s at %s (stream %s) is what the documentation says, counted once, and leaves nothing behind',
    async (kind, face, stream) => {
      const { seen, stalled, stats } = await meet(kind, face, stream);
      expect(stats).toMatchObject({ faults: 1, refused: 0, accepted: isRejection(kind) ? 0 : 1 });
      expect(stats.limits[0]?.accepted).toBe(isRejection(kind) ? 0 : 1);
      expect(stalled).toBe(STALLS.includes(kind));
      const cut = kind === 'truncate' && !stream ? 'body' : BREAKS[kind];
      expect(seen.broke).toBe(cut);
      if (cut === 'head') return;
      const expected = kind === 'serverError' ? (seen.status ?? 0) : (STATUS[kind]?.[FACES.indexOf(face)] ?? 200);
      expect(seen.status).toBe(expected);
      if (kind === 'serverError') expect([500, face === 'anthropic' ? 529 : 503]).toContain(expected);
      const terminal = face === 'anthropic' ? 'message_stop' : '[DONE]';
      const good = kind === 'nonsenseHeaders' || kind === 'openrouterError';
      if (stream) expect(seen.text.includes(terminal)).toBe(face === 'anthropic' ? kind === 'nonsenseHeaders' : good);
      if (isRejection(kind)) {
        expect(JSON.parse(seen.text).error.message).toBeTruthy();
        const passes = kind === 'rateLimit' || kind === 'slowDown' || kind === 'overloaded';
        expect(seen.headers?.['retry-after'] !== undefined).toBe(passes);
      }
    },
  );

  it('each has the content that names it', async () => {
    const text = async (kind: FaultKind, stream = false, face: (typeof FACES)[number] = 'openai') =>
      (await meet(kind, face, stream)).seen.text;
    expect(await text('html')).toMatch(/^<!DOCTYPE html>/);
    expect(await text('badGateway', true)).toContain('Cloudflare');
    const garbage = await text('garbage');
    expect(() => JSON.parse(garbage)).toThrow();
    expect((await text('longLine', true)).split('\n').at(-1)).toMatch(/^data: x{50000}$/);
    expect(await text('longLine')).toHaveLength(50_000);
    expect(JSON.parse(await text('openrouterError')).error.code).toBe(502);
    expect(await text('openrouterError', true)).toMatch(
      /: OPENROUTER PROCESSING\n\ndata: \{.*"error":\{"code":502.*"finish_reason":"error".*\n\ndata: \[DONE\]\n\n$/,
    );
    expect(JSON.parse(await text('insufficientQuota')).error).toMatchObject({ type: 'insufficient_quota', code: 'insufficient_quota' });
    expect(JSON.parse(await text('insufficientQuota', false, 'anthropic')).error.details.error_code).toBe('enforced_spend_limit_reached');
    expect(JSON.parse(await text('tooLarge')).error.message).toMatch(/^Request too large .* Requested 34307/);
    expect(JSON.parse(await text('slowDown')).error.code).toBe('slow_down');
    expect(JSON.parse(await text('rateLimit', false, 'azure')).error.message).toMatch(/Please retry after \d seconds/);
    const { headers } = (await meet('nonsenseHeaders', 'openai', false)).seen;
    expect(headers).toMatchObject({ 'retry-after': 'soon', 'x-ratelimit-limit-requests': 'NaN' });
  });

  it('rates apply to every kind, and to none more than they say', async () => {
    const rate = 1 / FAULT_KINDS.length / 2;
    const faults = { ...Object.fromEntries(FAULT_KINDS.map((kind) => [kind, rate])), longLineBytes: 10, stallMs: 100 };
    const { provider, clock } = setUp({ faults, seed: 11 });
    const ended = Array.from({ length: 4000 }, () => see(provider, OPENAI_PATH, chat({ max_tokens: 4 }), {}));
    await clock.advance(1000);
    await Promise.all(ended);
    const { faults: count, accepted } = provider.stats();
    expect(count).toBeGreaterThan(1850);
    expect(count).toBeLessThan(2150);
    // Ten of the kinds are answered in place of being admitted.
    expect(4000 - accepted).toBeGreaterThan(4000 * rate * 10 * 0.85);
    expect(4000 - accepted).toBeLessThan(4000 * rate * 10 * 1.15);
  });
});
