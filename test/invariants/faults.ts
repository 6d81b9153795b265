import { vi } from 'vitest';
import { RequestRecord } from '../../src/engine/request-record.ts';
import { Limiter } from '../../src/limits/limiter.ts';
import { Pacer } from '../../src/limits/pacer.ts';

/** Mistakes that an engine like this one could have; each is switched on by a test to see that its property fails. */
export const faults = {
  /** An entry counts from the moment it is sent, not from the last moment at which the provider may count it. */
  'stamp-at-send': () => {
    vi.spyOn(Limiter.prototype, 'written').mockImplementation(function (this: Limiter, hold, now) {
      this.responded(hold, now);
    });
  },
  /** A request that fails is not answered. */
  'settle-dropped': () => {
    const answer = RequestRecord.prototype.answer;
    vi.spyOn(RequestRecord.prototype, 'answer').mockImplementation(function (this: RequestRecord, response) {
      if (response.status === 'completed') answer.call(this, response);
    });
  },
  /** A call that is given up keeps its slot. */
  'slot-leaked': () => {
    const abandoned = Limiter.prototype.abandoned;
    vi.spyOn(Limiter.prototype, 'abandoned').mockImplementation(function (this: Limiter, hold, now) {
      if (this.type !== 'concurrent') abandoned.call(this, hold, now);
    });
  },
  /** Nobody finds out when room comes free. */
  'wake-up-lost': () => {
    vi.spyOn(Limiter.prototype, 'nextFreeAt').mockReturnValue(Number.POSITIVE_INFINITY);
  },
  /** The pace goes by what calls were estimated to use. */
  'pace-uncorrected': () => {
    vi.spyOn(Pacer.prototype, 'correct').mockReturnValue();
  },
  /** Whoever fits starts, whatever the head of the queue needs. */
  'claims-ignored': () => {
    vi.spyOn(Limiter.prototype, 'respectsClaims').mockReturnValue(true);
  },
} as const satisfies Record<string, () => void>;

/** Runs `act` with one fault switched on. */
export async function withFault<T>(name: keyof typeof faults, act: () => Promise<T>): Promise<T> {
  faults[name]();
  try {
    return await act();
  } finally {
    vi.restoreAllMocks();
  }
}
