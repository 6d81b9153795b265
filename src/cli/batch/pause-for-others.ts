import { macrotask } from '../../lib/system-clock.ts';
import { settleYoungGeneration } from './young-generation.ts';

/** For long loops: lets signals, timers and answers have their turn. */
export function pauseForOthers(): Promise<void> {
  settleYoungGeneration();
  return macrotask();
}
