import type { Clock } from '../domain/clock.ts';
import type { QueueManager } from '../index.ts';

/** Shorter stops are how limits are kept, and would flicker. */
const LONGEST_UNSAID_MS = 1_000;

/** Tells why nothing goes on while everything waits, once that has lasted a second. */
export class Standstill {
  readonly #queues: Pick<QueueManager, 'getAllQueuesInfo'>;
  readonly #clock: Clock;
  #since: number | undefined;

  constructor(queues: Pick<QueueManager, 'getAllQueuesInfo'>, clock: Clock) {
    this.#queues = queues;
    this.#clock = clock;
  }

  /**
   * `waits: …`; undefined while something runs or nothing waits. Ask often: it knows only what it saw.
   * @param atOnce whether to tell without waiting for a second look
   */
  reason(atOnce: boolean): string | undefined {
    const infos = Object.values(this.#queues.getAllQueuesInfo());
    const waiting = infos.flatMap(({ modelId, waitsFor }) => (waitsFor === null ? [] : [{ modelId, waitsFor }]));
    const [first] = waiting;
    if (first === undefined || infos.some(({ processing }) => processing > 0)) {
      this.#since = undefined;
      return undefined;
    }
    const now = this.#clock.now();
    this.#since ??= now;
    if (!atOnce && now - this.#since < LONGEST_UNSAID_MS) return undefined;
    const model = infos.length > 1 ? `${first.modelId}: ` : '';
    const others = waiting.length > 1 ? `; and ${waiting.length - 1} more` : '';
    return `waits: ${model}${first.waitsFor}${others}`;
  }
}
