import { PriorityHeap } from '../../src/lib/priority-heap.ts';
import type { AdaptiveRate } from '../../src/limits/learning/adaptive-rate.ts';
import { RateGate } from '../../src/limits/learning/rate-gate.ts';
import { SeededRandom } from '../../src/simulator/seeded-random.ts';
import type { HiddenLimit } from './learning-provider.ts';

interface Event {
  readonly at: number;
  readonly seq: number;
  readonly run: () => void;
  heapIndex: number;
}

/** One window of the provider's answers. */
export interface LoopWindow {
  accepted: number;
  refused: number;
  calls: number;
}

/** Virtual time in plain callbacks: a run of minutes takes milliseconds. */
export class EventLoop {
  now = 0;
  #seq = 0;
  readonly #events = new PriorityHeap<Event>((a, b) => a.at < b.at || (a.at === b.at && a.seq < b.seq));

  at(time: number, run: () => void): void {
    this.#events.push({ at: Math.max(time, this.now), seq: this.#seq++, run, heapIndex: -1 });
  }

  runUntil(end: number): void {
    for (let next = this.#events.peek(); next !== undefined && next.at <= end; next = this.#events.peek()) {
      this.#events.pop();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}

export interface AdaptiveRunOptions {
  readonly limit: HiddenLimit;
  readonly rate: AdaptiveRate;
  readonly seed: number;
  readonly runMs: number;
  /** Cost of a call, by its draw in [0, 1). Default 1. */
  readonly cost?: (draw: number) => number;
  readonly retryAfter?: 'none' | 'exact' | 'seconds';
  /** How soon a refusal is answered once the call was looked at, as by most providers; default: as late as other answers. */
  readonly refusedWithinMs?: number | undefined;
  /** Changes in the middle of the run. */
  readonly changes?: readonly { readonly atMs: number; readonly capacity: number; readonly drains?: boolean }[];
}

/** An endless backlog behind an adaptive rate; latency 50 to 300 ms, counted within the first 50. Returns what the provider saw, by window. */
export function runAdaptive(options: AdaptiveRunOptions): LoopWindow[] {
  const { limit, rate, runMs, cost = () => 1, retryAfter = 'none', refusedWithinMs } = options;
  const random = new SeededRandom(options.seed);
  const loop = new EventLoop();
  const gate = new RateGate(rate.rate, rate.burst);
  const windows: LoopWindow[] = [];
  let nextCost = cost(random.next());
  const windowAt = (now: number): LoopWindow => {
    const index = Math.floor(now / limit.windowMs);
    while (windows.length <= index) windows.push({ accepted: 0, refused: 0, calls: 0 });
    return windows[index] as LoopWindow;
  };
  for (const { atMs, capacity, drains } of options.changes ?? []) loop.at(atMs, () => limit.setCapacity(capacity, loop.now, drains));
  let wakeAt = Number.POSITIVE_INFINITY;
  const pump = (): void => {
    for (;;) {
      gate.setRate(rate.rate, rate.burst, loop.now, rate.window);
      const at = Math.max(rate.pausedUntil, gate.freeAt(nextCost, loop.now));
      if (at > loop.now) {
        if (at < wakeAt || wakeAt <= loop.now) {
          wakeAt = at;
          loop.at(at, pump);
        }
        return;
      }
      start();
    }
  };
  const start = (): void => {
    const mine = nextCost;
    nextCost = cost(random.next());
    const startedAt = loop.now;
    gate.take(mine, startedAt);
    const answerAt = startedAt + random.between({ min: 50, max: 300 });
    loop.at(startedAt + random.between({ min: 0, max: 50 }), () => {
      const waitMs = limit.waitMs(mine, loop.now);
      const accepted = limit.admit(mine, loop.now);
      const window = windowAt(loop.now);
      window.calls++;
      if (accepted) window.accepted += mine;
      else window.refused++;
      loop.at(accepted || refusedWithinMs === undefined ? answerAt : loop.now + refusedWithinMs, () => {
        if (accepted) rate.accepted(startedAt, mine, loop.now);
        else {
          const asked =
            retryAfter === 'none' ? undefined : retryAfter === 'exact' ? Math.ceil(waitMs) : Math.max(1, Math.ceil(waitMs / 1_000)) * 1_000;
          gate.refused(mine, startedAt);
          rate.refused({ startedAt, cost: mine, retryAfterMs: asked }, loop.now);
        }
        pump();
      });
    });
  };
  loop.at(0, pump);
  loop.runUntil(runMs);
  return windows;
}
