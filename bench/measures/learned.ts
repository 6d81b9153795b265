import { createHeadgate } from 'headgate/client';
import { type Mechanism, SimulatedProvider } from 'headgate/simulator';
import { VirtualClock } from 'headgate/testing';
import type { Figures } from '../harness/measures.ts';
import { inProcessTransport } from '../simulation/in-process-transport.ts';

export interface LearnedArgs {
  /** Requests in each window; Headgate is not told. */
  readonly capacity: number;
  readonly mechanism: Exclude<Mechanism, 'subwindow'>;
  /** Whether answers say what the limit is. */
  readonly headers: boolean;
  /** Whether refusals say when to come back. Default: where answers have headers. */
  readonly retryAfter?: boolean;
  readonly seed: number;
  readonly windows: number;
  /** In the middle of the time the capacity becomes so many times as large. Default 1. */
  readonly factor?: number;
}

const MODEL = 'model';
const WINDOW_MS = 5_000;
const LATENCY = { headersMs: { min: 50, max: 300 } };
/** The right ones in a row that count as settled, and how far off one may be. */
const IN_A_ROW = 5;
const TOLERANCE = 0.1;
const MOST_REFUSED = 0.01;

interface Window {
  readonly accepted: number;
  readonly refused: number;
}

/** An endless backlog for a provider with a limit that Headgate has to find out. A call that fails ends the measurement. */
export async function measure({
  capacity,
  mechanism,
  headers,
  retryAfter = headers,
  seed,
  windows,
  factor = 1,
}: LearnedArgs): Promise<Figures> {
  const clock = new VirtualClock();
  const provider = new SimulatedProvider({
    clock,
    seed,
    models: [MODEL],
    limits: [{ type: 'rpm', limit: capacity, windowMs: WINDOW_MS, mechanism }],
    latency: LATENCY,
    hideHeaders: !headers,
    hideRetryAfter: !retryAfter,
  });
  const headgate = await createHeadgate(
    { models: { [MODEL]: { deployments: [{ provider: 'openai', baseUrl: 'http://simulated.invalid/v1', apiKey: 'none' }] } } },
    { clock, transport: inProcessTransport(provider), historySize: 1 },
  );
  let failure: unknown;
  const submit = (): void => {
    if (failure !== undefined) return;
    const body = { model: MODEL, max_tokens: 1, messages: [{ role: 'user', content: 'Go on.' }] };
    headgate.dispatch(MODEL, { format: 'openai-chat', body }).then(submit, (error: unknown) => {
      failure = error;
    });
  };
  for (let i = 0; i < 2 * capacity * Math.max(1, factor); i++) submit();
  const seen: Window[] = [];
  let before: Window = { accepted: 0, refused: 0 };
  const change = Math.floor(windows / 2);
  while (seen.length < windows && failure === undefined) {
    if (seen.length === change && factor !== 1) provider.setLimits([{ type: 'rpm', limit: capacity * factor }]);
    await clock.advance(WINDOW_MS);
    const { accepted, refused } = provider.stats();
    seen.push({ accepted: accepted - before.accepted, refused: refused - before.refused });
    before = { accepted, refused };
  }
  if (failure !== undefined) throw failure;
  const steady = factor === 1 ? seen.slice(1) : seen.slice(1, change);
  return {
    share: sum(steady, 'accepted') / (capacity * steady.length),
    refusedShare: sum(steady, 'refused') / (sum(steady, 'accepted') + sum(steady, 'refused')),
    settledAfter: settledAfter(seen.slice(0, factor === 1 ? seen.length : change), capacity),
    settledAfterChange: settledAfter(seen.slice(change), capacity * factor),
  };
}

/** How many windows pass before so many in a row are right; Infinity where they never are. */
function settledAfter(windows: readonly Window[], capacity: number): number {
  for (let first = 0; first + IN_A_ROW <= windows.length; first++) {
    const row = windows.slice(first, first + IN_A_ROW);
    const calls = sum(row, 'accepted') + sum(row, 'refused');
    if (row.every(({ accepted }) => Math.abs(accepted / capacity - 1) <= TOLERANCE) && sum(row, 'refused') < MOST_REFUSED * calls) {
      return first;
    }
  }
  return Number.POSITIVE_INFINITY;
}

function sum(windows: readonly Window[], figure: keyof Window): number {
  return windows.reduce((total, window) => total + window[figure], 0);
}
