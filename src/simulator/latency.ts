import type { Range, SeededRandom } from './seeded-random.ts';

/**
 * Time to first token and speed of generation, per call:
 * TTFT = (baseMs + msPerThousandTokens × input ÷ 1000 + spike) × LogN(0, ttftSigma); then tokens at a speed drawn
 * from `tokensPerSecond` × LogN(0, speedSigma). A stream's headers come at `headersShare` of the TTFT, any other
 * response's when all of it is generated. Defaults follow public 2023–2026 measurements of hosted models.
 */
export interface TtftModel {
  /** Default 600. */
  readonly baseMs: number;
  /** Default 6. */
  readonly msPerThousandTokens: number;
  /** Probability of a contention spike; default 0.15. */
  readonly spikeChance: number;
  /** Mean of a spike, exponential; default 700. */
  readonly spikeMeanMs: number;
  /** Default 0.2. */
  readonly ttftSigma: number;
  /** Default 40 to 75. */
  readonly tokensPerSecond: Range;
  /** Default 0.1. */
  readonly speedSigma: number;
  /** Where in the TTFT a stream's headers come; default 0.3 to 1. */
  readonly headersShare: Range;
}

/**
 * - `{ headersMs, bodyMs? }`: headers so long after arrival, the rest of the body `bodyMs` later (default 0);
 *   for streaming calls, or for anything whose length doesn't matter.
 * - `{ ttft }`: the model of {@link TtftModel}; missing fields take its defaults.
 */
export type LatencyModel = { readonly headersMs: Range; readonly bodyMs?: Range } | { readonly ttft: Partial<TtftModel> };

/** Long calls that don't stream: nothing for 0.5 to 20 s, then headers and body at once. */
export const LONG_NON_STREAMING: LatencyModel = { headersMs: { min: 500, max: 20_000 } };

/** When the parts of one response are ready, in ms after the call's arrival; in this order. */
export interface Timing {
  readonly headersMs: number;
  readonly firstTokenMs: number;
  readonly doneMs: number;
}

const DEFAULT_TTFT: TtftModel = {
  baseMs: 600,
  msPerThousandTokens: 6,
  spikeChance: 0.15,
  spikeMeanMs: 700,
  ttftSigma: 0.2,
  tokensPerSecond: { min: 40, max: 75 },
  speedSigma: 0.1,
  headersShare: { min: 0.3, max: 1 },
};

/** Draws the timing of one call. */
export function drawTiming(
  model: LatencyModel,
  call: { readonly inputTokens: number; readonly outputTokens: number; readonly stream: boolean },
  random: SeededRandom,
): Timing {
  if ('headersMs' in model) {
    const headersMs = random.between(model.headersMs);
    return { headersMs, firstTokenMs: headersMs, doneMs: headersMs + (model.bodyMs ? random.between(model.bodyMs) : 0) };
  }
  const ttft = { ...DEFAULT_TTFT, ...model.ttft };
  const spikeMs = random.next() < ttft.spikeChance ? random.exponential(ttft.spikeMeanMs) : 0;
  const plainMs = ttft.baseMs + (ttft.msPerThousandTokens * call.inputTokens) / 1000 + spikeMs;
  const firstTokenMs = plainMs * random.logNormal(ttft.ttftSigma);
  const tokensPerMs = (random.between(ttft.tokensPerSecond) * random.logNormal(ttft.speedSigma)) / 1000;
  const doneMs = firstTokenMs + Math.max(0, call.outputTokens - 1) / tokensPerMs;
  return { headersMs: call.stream ? firstTokenMs * random.between(ttft.headersShare) : doneMs, firstTokenMs, doneMs };
}
