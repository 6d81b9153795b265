import type { SeededRandom } from '../seeded-random.ts';
import { ContinuousBucket } from './continuous-bucket.ts';
import { FixedWindow } from './fixed-window.ts';
import type { LimitCounter } from './limit-counter.ts';
import { DEFAULT_SUB_WINDOW_MS, type SimulatedLimit } from './simulated-limit.ts';
import { SlidingLog } from './sliding-log.ts';
import { SubWindow } from './sub-window.ts';

function fixedWindow(limit: number, windowMs: number, random: SeededRandom): FixedWindow {
  return new FixedWindow(limit, windowMs, random.next() * windowMs);
}

/** Makes the counter that a limit's mechanism names; phases come from `random`. */
export function makeCounter(spec: SimulatedLimit, random: SeededRandom): LimitCounter {
  switch (spec.mechanism) {
    case 'bucket':
      return new ContinuousBucket(spec.limit, spec.windowMs);
    case 'fixed':
      return fixedWindow(spec.limit, spec.windowMs, random);
    case 'sliding':
      return new SlidingLog(spec.limit, spec.windowMs);
    case 'subwindow': {
      const sliceMs = Math.min(spec.subWindowMs ?? DEFAULT_SUB_WINDOW_MS, spec.windowMs);
      const part = sliceMs / spec.windowMs;
      const sliceLimit = Math.max(1, spec.limit * part);
      return new SubWindow(fixedWindow(spec.limit, spec.windowMs, random), fixedWindow(sliceLimit, sliceMs, random), part);
    }
  }
}
